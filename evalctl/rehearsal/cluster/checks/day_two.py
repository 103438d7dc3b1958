"""Whether an environment's value can be changed under what runs, as docs/changes.md describes it."""

import re
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from lightkube.resources.apps_v1 import StatefulSet
from lightkube.resources.core_v1 import PersistentVolume, PersistentVolumeClaim

from environments.names import MONITORING_NAMESPACE
from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster.checks import merges, scaling, sync
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.commands import evalctl
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.state import meta, name_of
from evalctl.rehearsal.cluster.waiting import until

_SECONDS = 300
_COMPARE_SECONDS = 5
_MORE_GIB = 10
_OF_PROMETHEUS: dict[str, Any] = {"operator.prometheus.io/name": "kube-prometheus-stack-prometheus"}


async def storage_grows(cluster: Cluster) -> Result:
    """Raise `prometheus_storage_gib`, then give the claims the new size, as docs/changes.md describes it."""
    name = "Prometheus' storage grows, and each claim keeps its volume"
    size = cluster.env.monitoring.prometheus_storage_gib + _MORE_GIB
    wanted = f"{size}Gi"
    before = await _volumes_of_claims(cluster)
    started = time.monotonic()
    await change(cluster, "More storage for Prometheus", "prometheus_storage_gib", size)
    problems = await arrives(cluster, lambda: _template(cluster, wanted))
    problems += await merges.healthy(cluster, seconds=_SECONDS)
    for claim in before:
        await cluster.client.patch(
            PersistentVolumeClaim,
            claim,
            {"spec": {"resources": {"requests": {"storage": wanted}}}},
            namespace=MONITORING_NAMESPACE,
        )
    problems += await until(lambda: _sizes(cluster, wanted), seconds=_SECONDS)
    problems += await merges.healthy(cluster, seconds=_SECONDS)
    after = await _volumes_of_claims(cluster)
    problems += [
        f"claim {claim} had the volume {volume} and has {after.get(claim, 'none')}"
        for claim, volume in before.items()
        if after.get(claim) != volume
    ]
    return result(
        name, problems, f"{len(before)} claims of {wanted} after {time.monotonic() - started:.0f} s"
    )


async def maximum_changes(cluster: Cluster) -> Result:
    """Lower the workers' maximum by one and raise it again; call it when they are at their maximum."""
    name = "the workers follow a changed maximum"
    maximum = cluster.env.worker.max_replicas
    started = time.monotonic()
    await change(cluster, "A lower maximum", "max_replicas", maximum - 1)
    problems = await arrives(cluster, lambda: scaling.at(cluster, maximum - 1))
    lower = time.monotonic() - started
    cluster.served.revert()
    problems += await arrives(cluster, lambda: scaling.at(cluster, maximum))
    problems += await merges.healthy(cluster, seconds=_SECONDS)
    return result(
        name,
        problems,
        f"{maximum - 1} after {lower:.0f} s, {maximum} again after {time.monotonic() - started:.0f} s",
    )


async def change(cluster: Cluster, message: str, field: str, value: int) -> str:
    """Merge another number of the environment's value.

    Raises:
        CommandFailedError: a rule refuses the value, or it cannot be rendered.
        ValueError: the field does not have exactly one number there.
    """
    text = with_number(cluster.served.text(module_of(cluster)), field, value)
    return await change_module(cluster, message, text)


def module_of(cluster: Cluster) -> str:
    """The path of the environment's value."""
    return f"environments/{cluster.env.name}.py"


async def change_module(cluster: Cluster, message: str, text: str) -> str:
    """Change the module of the environment's value, render it, and merge both, as a pull request does.

    Raises:
        CommandFailedError: a rule refuses the value, or it cannot be rendered.
    """
    before = cluster.served.text(module_of(cluster))
    (cluster.served.folder / module_of(cluster)).write_text(text, encoding="utf-8")
    out = cluster.plane.folder / "rendered"
    shutil.rmtree(out, ignore_errors=True)
    try:
        await evalctl(
            *("render", "--env", cluster.env.name, "--out", str(out)),
            checkout=cluster.served.folder,
            environment=cluster.environment,
        )
    except CommandFailedError:
        (cluster.served.folder / module_of(cluster)).write_text(before, encoding="utf-8")
        raise
    edits = dict(_different(out, cluster.served.checkout / "rendered"))
    return cluster.served.commit(message, {module_of(cluster): text, **edits})


def with_number(text: str, field: str, value: int) -> str:
    """The text of an environment's module with another number for a field.

    Raises:
        ValueError: the field does not have exactly one number there.
    """
    return _with(text, field, r"\d+", str(value), "numbers")


def with_text(text: str, field: str, value: str) -> str:
    """The text of an environment's module with another text for a field.

    Raises:
        ValueError: the field does not have exactly one text there.
    """
    return _with(text, field, r'"[^"]+"', f'"{value}"', "texts")


def _with(text: str, field: str, old: str, new: str, what: str) -> str:
    changed, times = re.subn(rf"\b{field}={old}", f"{field}={new}", text)
    if times != 1:
        raise ValueError(f"{field} has {times} {what} in the environment's module, and not one")
    return changed


def _different(fresh: Path, before: Path) -> Iterator[tuple[str, str]]:
    """Each rendered file, by its path in the repository, whose text is not the one before."""
    for file in sorted(path for path in fresh.rglob("*") if path.is_file()):
        relative, text = file.relative_to(fresh), file.read_text(encoding="utf-8")
        old = before / relative
        if not old.is_file() or old.read_text(encoding="utf-8") != text:
            yield str("rendered" / relative), text


async def arrives(cluster: Cluster, reached: Callable[[], Awaitable[list[str]]]) -> list[str]:
    """Let Argo CD compare everything with Git until the change is there; what is in its way."""
    deadline = time.monotonic() + _SECONDS
    while (problems := await until(reached, seconds=_COMPARE_SECONDS)) and (
        time.monotonic() < deadline
    ):
        await sync.compare(cluster)
    return problems


async def _template(cluster: Cluster, size: str) -> list[str]:
    """The StatefulSet that the operator made anew."""
    found = [
        each
        async for each in cluster.client.list(
            StatefulSet, namespace=MONITORING_NAMESPACE, labels=_OF_PROMETHEUS
        )
    ]
    sizes = [
        template.spec.resources.requests["storage"]
        for each in found
        for template in (each.spec and each.spec.volumeClaimTemplates) or ()
        if template.spec and template.spec.resources and template.spec.resources.requests
    ]
    return [] if sizes == [size] else [f"the StatefulSet of Prometheus has {sizes} and not {size}"]


async def _claims(cluster: Cluster) -> list[PersistentVolumeClaim]:
    return [
        claim
        async for claim in cluster.client.list(
            PersistentVolumeClaim, namespace=MONITORING_NAMESPACE, labels=_OF_PROMETHEUS
        )
    ]


async def _volumes_of_claims(cluster: Cluster) -> dict[str, str]:
    """By claim the claim's and the volume's identity."""
    volumes = {
        name_of(each): meta(each).uid async for each in cluster.client.list(PersistentVolume)
    }
    return {
        name_of(claim): f"{meta(claim).uid} {claim.spec and claim.spec.volumeName} "
        f"{volumes.get((claim.spec and claim.spec.volumeName) or '')}"
        for claim in await _claims(cluster)
    }


async def _sizes(cluster: Cluster, size: str) -> list[str]:
    return [
        f"claim {name_of(claim)} has {has}"
        for claim in await _claims(cluster)
        if (has := ((claim.status and claim.status.capacity) or {}).get("storage")) != size
    ]
