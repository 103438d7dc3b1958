"""Programs that run beside the cluster while their pods are ready; the API is a stand-in, the programs are real."""

import asyncio
import base64
import subprocess
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx2
import pytest
from lightkube import AsyncClient
from lightkube.resources.core_v1 import ConfigMap, Pod, Secret

from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster import local_programs
from evalctl.rehearsal.cluster.local_programs import (
    Environment,
    LocalProgram,
    Supervisor,
    container_environment,
    in_background,
)
from evalctl.rehearsal.cluster.state import Cache, Snapshot
from evalctl.servers import NotStartedError, running
from tests.evalctl.rehearsal.cluster.objects import of

SECONDS = 10
ROUND_SECONDS = 0.01


@dataclass
class Api:
    """What the supervisor reads; its calls fail while `down`."""

    objects: list[ConfigMap | Secret] = field(default_factory=list)
    down: bool = False
    cache: Cache = field(default_factory=Cache)

    @property
    def pods(self) -> Sequence[Pod]:
        return self.cache.snapshot.pods

    @pods.setter
    def pods(self, pods: Sequence[Pod]) -> None:
        self.cache.snapshot = Snapshot(pods=tuple(pods))

    async def get(self, kind: type[ConfigMap | Secret], name: str, *, namespace: str) -> object:
        if self.down:
            raise httpx2.ConnectError("refused")
        for item in self.objects:
            assert item.metadata is not None
            if isinstance(item, kind) and item.metadata.name == name:
                return item
        raise AssertionError(f"{namespace}/{name}")

    @property
    def client(self) -> AsyncClient:
        return cast(AsyncClient, self)


@dataclass
class Starts:
    """Starts a real program, and keeps the variables of each start."""

    folder: Path
    refused: int = 0  # how many of the next starts fail
    environments: list[Environment] = field(default_factory=list)

    def __call__(self, environment: Environment) -> AbstractContextManager[subprocess.Popen[bytes]]:
        if self.refused:
            self.refused -= 1
            raise NotStartedError("redis did not start")
        self.environments.append(environment)
        return running("sleep", "600", log=self.folder / "program.log", ready=lambda: True)


def pod(*, ready: bool = True, node: str | None = "node", deleted: bool = False) -> Pod:
    metadata: dict[str, object] = {
        "name": "redis-0",
        "namespace": "argocd",
        "labels": {"app": "redis", "more": "labels"},
    }
    if deleted:
        metadata["deletionTimestamp"] = "2026-11-28T12:00:00Z"
    variables: list[dict[str, object]] = [
        {"name": "PLAIN", "value": "one"},
        {"name": "SETTING", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "level"}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "redis", "key": "auth"}}},
        {"name": "ABSENT", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "none"}}},
        {"name": "WHERE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
    ]
    return of(
        Pod,
        {
            "metadata": metadata,
            "spec": {
                "nodeName": node,
                "containers": [{"name": "sidecar"}, {"name": "redis", "env": variables}],
            },
            "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
        },
    )


SETTINGS = of(ConfigMap, {"metadata": {"name": "settings"}, "data": {"level": "debug"}})
PASSWORD = of(
    Secret,
    {"metadata": {"name": "redis"}, "data": {"auth": base64.b64encode(b"hidden").decode()}},
)
VARIABLES = {"PLAIN": "one", "SETTING": "debug", "PASSWORD": "hidden", "WHERE": "argocd"}


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(local_programs, "_ROUND_SECONDS", ROUND_SECONDS)
    return Api(objects=[SETTINGS, PASSWORD])


@pytest.fixture
def starts(tmp_path: Path) -> Starts:
    return Starts(tmp_path)


def program(starts: Starts, initialize: Callable[[], None] | None = None) -> LocalProgram:
    return LocalProgram(
        name="redis-server",
        namespace="argocd",
        labels={"app": "redis"},
        container="redis",
        run=starts,
        initialize=initialize,
    )


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not reached():
            await asyncio.sleep(0.01)


async def some_rounds() -> None:
    """Wait while something could happen."""
    await asyncio.sleep(10 * ROUND_SECONDS)


def supervise(
    api: Api, local: LocalProgram, steps: Callable[[Supervisor], Awaitable[None]]
) -> None:
    async def work() -> None:
        supervisor = Supervisor(api.client, (local,), api.cache)
        async with in_background(supervisor.follow()):
            await steps(supervisor)

    asyncio.run(cast(Coroutine[None, None, None], work()))


def test_a_program_starts_when_its_pod_is_ready_with_the_containers_variables(
    api: Api, starts: Starts
) -> None:
    async def steps(supervisor: Supervisor) -> None:
        api.pods = [pod(ready=False)]
        await some_rounds()
        assert not supervisor.runs("redis-server")
        api.pods = [pod()]
        await until(lambda: supervisor.runs("redis-server"))
        await some_rounds()

    supervise(api, program(starts), steps)
    assert starts.environments == [VARIABLES], "it starts once"


@pytest.mark.parametrize("left", [[], [pod(ready=False)], [pod(deleted=True)]])
def test_a_program_ends_when_its_pod_is_gone_or_not_ready(
    api: Api, starts: Starts, left: list[Pod]
) -> None:
    async def steps(supervisor: Supervisor) -> None:
        api.pods = [pod()]
        await until(lambda: supervisor.runs("redis-server"))
        process = supervisor.process("redis-server")
        assert process is not None
        assert process.poll() is None
        api.pods = left
        await until(lambda: not supervisor.runs("redis-server"))
        await until(lambda: process.poll() is not None)

    supervise(api, program(starts), steps)


def test_a_program_that_ended_starts_again(api: Api, starts: Starts) -> None:
    async def steps(supervisor: Supervisor) -> None:
        api.pods = [pod()]
        await until(lambda: supervisor.runs("redis-server"))
        first = supervisor.process("redis-server")
        assert first is not None
        first.kill()

        def again() -> bool:
            process = supervisor.process("redis-server")
            return process is not None and process.pid != first.pid and process.poll() is None

        await until(again)

    supervise(api, program(starts), steps)


def test_a_program_that_ended_starts_again_when_the_api_server_answers(
    api: Api, starts: Starts
) -> None:
    async def steps(supervisor: Supervisor) -> None:
        api.pods = [pod()]
        await until(lambda: supervisor.runs("redis-server"))
        process = supervisor.process("redis-server")
        assert process is not None
        api.down = True  # its container's variables cannot be read
        process.kill()
        await until(lambda: not supervisor.runs("redis-server"))
        await some_rounds()
        assert not supervisor.runs("redis-server")
        api.down = False
        await until(lambda: supervisor.runs("redis-server"))

    supervise(api, program(starts), steps)


def test_a_program_that_did_not_start_is_tried_again(api: Api, starts: Starts) -> None:
    starts.refused = 2

    async def steps(supervisor: Supervisor) -> None:
        api.pods = [pod()]
        await until(lambda: supervisor.runs("redis-server"))

    supervise(api, program(starts), steps)
    assert starts.refused == 0


def test_what_an_init_container_does_is_done_once_when_the_pod_is_scheduled(
    api: Api, starts: Starts
) -> None:
    calls: list[str] = []

    async def steps(supervisor: Supervisor) -> None:
        api.pods = [pod(ready=False, node=None)]
        await some_rounds()
        assert calls == []
        api.pods = [pod(ready=False)]
        await until(lambda: calls == ["done"])
        assert not supervisor.runs("redis-server")
        api.pods = [pod()]
        await until(lambda: supervisor.runs("redis-server"))

    supervise(api, program(starts, lambda: calls.append("done")), steps)
    assert calls == ["done"]


def test_an_init_container_that_failed_is_tried_again(api: Api, starts: Starts) -> None:
    attempts: list[int] = []

    def initialize() -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise CommandFailedError(("argocd", "admin"), "connection refused")

    async def steps(supervisor: Supervisor) -> None:
        api.pods = [pod()]
        await until(lambda: supervisor.runs("redis-server"))

    supervise(api, program(starts, initialize), steps)
    assert len(attempts) == 3


def test_every_program_ends_with_the_block(api: Api, starts: Starts) -> None:
    found: list[subprocess.Popen[bytes]] = []

    async def steps(supervisor: Supervisor) -> None:
        api.pods = [pod()]
        await until(lambda: supervisor.runs("redis-server"))
        process = supervisor.process("redis-server")
        assert process is not None
        found.append(process)

    supervise(api, program(starts), steps)
    assert [process.poll() is None for process in found] == [False]


@pytest.mark.parametrize(
    ("namespace", "labels"),
    [("default", {"app": "redis"}), ("argocd", {"app": "other"}), ("argocd", {"none": "redis"})],
)
def test_a_pod_of_another_namespace_or_label_is_none_of_a_program(
    starts: Starts, namespace: str, labels: dict[str, str]
) -> None:
    other = LocalProgram(
        name="redis-server", namespace=namespace, labels=labels, container="redis", run=starts
    )
    assert not other.stands_for(pod())
    assert program(starts).stands_for(pod())


def test_a_variable_of_a_missing_key_is_not_set(api: Api) -> None:
    found = asyncio.run(container_environment(api.client, pod(), "redis"))
    assert found == VARIABLES
