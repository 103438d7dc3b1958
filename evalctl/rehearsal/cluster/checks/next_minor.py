"""Whether the platform runs on through an upgrade to the next Kubernetes minor, as EKS does it."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace

from lightkube.resources.core_v1 import Node

from environments.catalog import EKS_VERSIONS
from environments.names import GENERAL_POOL, WORKER_POOL, Names
from environments.spec import Environment
from evalctl.processes import run
from evalctl.rehearsal.cluster import programs
from evalctl.rehearsal.cluster.checks import admission, merges, sync
from evalctl.rehearsal.cluster.checks.day_two import change_module, module_of, with_text
from evalctl.rehearsal.cluster.checks.disruption import updated
from evalctl.rehearsal.cluster.checks.faults import replaced, uids
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.node_template import NodeTemplate
from evalctl.rehearsal.cluster.programs import ProgramsMissingError
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.state import name_of

_DEPRECATED = re.compile(r"apiserver_requested_deprecated_apis\{(?P<labels>[^}]*)\} 1")


async def check(cluster: Cluster) -> Result:
    """Merge the minor, replace the control plane, then the nodes group by group, as docs/upgrades.md describes it.

    Afterwards the cluster stays on the new minor.
    """
    minor = following(cluster.env.cluster.kubernetes_version)
    if minor is None:
        return result("the next Kubernetes minor", [], "the catalogue has no newer one")
    name = f"everything is Healthy before, during and after the upgrade to Kubernetes {minor}"
    try:
        found = programs.find(minor)
    except ProgramsMissingError as error:
        return result(name, [str(error)], "")
    started = time.monotonic()
    text = cluster.served.text(module_of(cluster))
    await change_module(
        cluster, f"Kubernetes {minor}", with_text(text, "kubernetes_version", minor)
    )
    await sync.compare(cluster)
    problems = await merges.healthy(cluster)
    before = await uids(cluster)
    replacing = time.monotonic()
    await cluster.plane.replace(found)
    problems += await merges.healthy(cluster)
    problems += replaced(before, await uids(cluster))
    control_plane = time.monotonic() - replacing
    admitted = await admission.check(cluster)
    problems += [] if admitted.passed else admitted.evidence.splitlines()
    cluster.parts.groups.template = NodeTemplate(names=Names(on_minor(cluster.env, minor)))
    for pool in (GENERAL_POOL, WORKER_POOL):
        problems += await updated(cluster, pool)
    problems += await merges.healthy(cluster)
    versions = [await _version(cluster, name_of(node)) for node in await cluster.nodes()]
    problems += [f"a node runs {each}" for each in versions if not each.startswith(f"v{minor}.")]
    deprecated = ", ".join(await _deprecated(cluster)) or "none"
    return result(
        name,
        problems,
        f"control plane {control_plane:.0f} s, {len(versions)} nodes {time.monotonic() - started:.0f} s in all; "
        f"deprecated APIs in use: {deprecated}",
    )


def following(minor: str) -> str | None:
    """The next minor of the catalogue."""
    newer = sorted(
        (each for each in EKS_VERSIONS if _number(each) > _number(minor)),
        key=lambda each: _number(each),
    )
    return newer[0] if newer else None


def on_minor(env: Environment, minor: str) -> Environment:
    return replace(env, cluster=replace(env.cluster, kubernetes_version=minor))


def deprecated_apis(metrics: str) -> Iterator[str]:
    """The deprecated APIs that clients requested, of the API server's metrics."""
    for found in _DEPRECATED.finditer(metrics):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', found["labels"]))
        version = f"{labels['group']}/{labels['version']}".lstrip("/")
        removed = labels.get("removed_release")
        yield f"{version} {labels['resource']}" + (f" (removed in {removed})" if removed else "")


async def _version(cluster: Cluster, node: str) -> str:
    found = await cluster.client.get(Node, node)
    info = found.status and found.status.nodeInfo
    return info.kubeletVersion if info else ""


async def _deprecated(cluster: Cluster) -> list[str]:
    _, output = await run(
        *("kubectl", "get", "--raw", "/metrics"),
        folder=cluster.served.folder,
        environment=cluster.environment,
    )
    return sorted(deprecated_apis(output))


def _number(minor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in minor.split("."))
