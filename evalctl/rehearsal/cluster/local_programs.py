"""The real programs of pods, each of them running for as long as its pod is ready.

No container runs in the cluster, so a program runs on this machine while the pod that would hold it is
ready. It starts with the environment of the pod's container, and starts again if it ends, as a kubelet
would start it again.
"""

import asyncio
import logging
import subprocess
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from lightkube import AsyncClient
from lightkube.models.core_v1 import Container
from lightkube.resources.core_v1 import Pod

from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster.data import config_map_data, decoded, secret_data
from evalctl.rehearsal.cluster.state import API_ERRORS, Cache
from evalctl.servers import NotStartedError, started_in_thread

_log = logging.getLogger(__name__)
_ROUND_SECONDS = 1

Environment = Mapping[str, str]
Run = Callable[[Environment], AbstractContextManager[subprocess.Popen[bytes]]]


@dataclass(frozen=True, kw_only=True)
class LocalProgram:
    """A program and the container that it stands for."""

    name: str
    namespace: str
    labels: Mapping[str, str]  # of the pods
    container: str
    run: Run
    # Once, when a pod is scheduled: what an init container of it does in the cluster.
    initialize: Callable[[], None] | None = None

    def stands_for(self, pod: Pod) -> bool:
        metadata = pod.metadata
        return (
            metadata is not None
            and metadata.namespace == self.namespace
            and self.labels.items() <= (metadata.labels or {}).items()
        )


@dataclass
class _Running:
    process: subprocess.Popen[bytes]
    stack: AsyncExitStack


@dataclass
class Supervisor:
    """Starts and stops the programs with their pods."""

    client: AsyncClient
    programs: tuple[LocalProgram, ...]
    cache: Cache
    _running: dict[str, _Running] = field(default_factory=dict)
    _initialized: set[str] = field(default_factory=set)

    def process(self, name: str) -> subprocess.Popen[bytes] | None:
        """The running process of a program; None if it does not run."""
        running = self._running.get(name)
        return None if running is None else running.process

    def runs(self, name: str) -> bool:
        return name in self._running

    async def follow(self) -> None:
        """Follow the pods until the task is cancelled."""
        try:
            while True:
                try:
                    await self._round(self.cache.snapshot.pods)
                except API_ERRORS as error:
                    _log.warning("the API server does not answer: %s", error)
                except (CommandFailedError, NotStartedError) as error:
                    _log.warning("%s", error)  # the next round tries again
                await asyncio.sleep(_ROUND_SECONDS)
        finally:
            for name in tuple(self._running):
                await self._stop(name)

    async def _round(self, pods: Sequence[Pod]) -> None:
        for program in self.programs:
            of_program = [pod for pod in pods if program.stands_for(pod)]
            ready = next((pod for pod in of_program if is_ready(pod)), None)
            if (
                program.initialize is not None
                and program.name not in self._initialized
                and any(pod.spec is not None and pod.spec.nodeName for pod in of_program)
            ):
                await asyncio.to_thread(program.initialize)
                self._initialized.add(program.name)
            running = self._running.get(program.name)
            if running is not None and running.process.poll() is not None:
                _log.warning("%s ended with status %s", program.name, running.process.returncode)
                await self._stop(program.name)
                running = None
            if ready is None and running is not None:
                await self._stop(program.name)
            elif ready is not None and running is None:
                await self._start(program, ready)

    async def _start(self, program: LocalProgram, pod: Pod) -> None:
        environment = await container_environment(self.client, pod, program.container)
        async with AsyncExitStack() as stack:
            process = await stack.enter_async_context(started_in_thread(program.run(environment)))
            self._running[program.name] = _Running(process, stack.pop_all())

    async def _stop(self, name: str) -> None:
        await self._running.pop(name).stack.aclose()


@asynccontextmanager
async def in_background(loop: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """A loop at work until the block ends."""
    task = asyncio.create_task(loop)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def is_ready(pod: Pod) -> bool:
    """Whether the pod's Ready condition is true and it is not being deleted."""
    if pod.metadata is None or pod.metadata.deletionTimestamp is not None or pod.status is None:
        return False
    return any(
        condition.type == "Ready" and condition.status == "True"
        for condition in pod.status.conditions or ()
    )


async def container_environment(client: AsyncClient, pod: Pod, container: str) -> dict[str, str]:
    """The variables of a container, with the values of ConfigMaps and Secrets that it refers to."""
    assert pod.spec is not None
    assert pod.metadata is not None
    namespace = pod.metadata.namespace or "default"
    (found,) = (each for each in pod.spec.containers if each.name == container)
    return {
        name: value
        async for name, value in _variables(client, namespace, found)
        if value is not None
    }


async def _variables(
    client: AsyncClient, namespace: str, container: Container
) -> AsyncIterator[tuple[str, str | None]]:
    for variable in container.env or ():
        source = variable.valueFrom
        if source is None:
            yield variable.name, variable.value or ""
        elif source.configMapKeyRef is not None:
            reference = source.configMapKeyRef
            data = await config_map_data(client, reference.name or "", namespace)
            yield variable.name, data.get(reference.key)
        elif source.secretKeyRef is not None:
            secret = source.secretKeyRef
            data = decoded(await secret_data(client, secret.name or "", namespace))
            yield variable.name, data.get(secret.key)
        elif source.fieldRef is not None and source.fieldRef.fieldPath == "metadata.namespace":
            yield variable.name, namespace
