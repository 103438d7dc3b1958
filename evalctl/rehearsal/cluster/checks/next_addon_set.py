"""Whether the platform runs on through a move to the next set of add-ons, as docs/upgrades.md describes it."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress

from lightkube.resources.core_v1 import Pod, Service
from lightkube.resources.discovery_v1 import EndpointSlice

from environments.catalog import ADDON_SETS, AddonSet, Chart
from environments.names import ARGOCD_NAMESPACE, Addon
from environments.spec import Environment
from evalctl.rehearsal.cluster.applications import Application
from evalctl.rehearsal.cluster.checks import merges
from evalctl.rehearsal.cluster.checks.day_two import change_module, module_of, with_text
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.local_programs import in_background
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.served.problem import NotServedError
from evalctl.rehearsal.cluster.state import API_ERRORS, full_name, meta, ready_pods
from evalctl.rehearsal.cluster.waiting import until

_SECONDS = 600
_ROUND_SECONDS = 0.5

Ready = Mapping[str, frozenset[str]]  # Service → its ready pods


async def check(cluster: Cluster) -> Result:
    """Move to the next set of the catalogue; afterwards the cluster stays on it."""
    name = following(cluster.env, ADDON_SETS)
    if name is None:
        return result(
            "the next set of add-ons",
            [],
            f"the catalogue has no newer one for Kubernetes {cluster.env.cluster.kubernetes_version}",
        )
    return await moved(cluster, name, ADDON_SETS[name])


async def moved(cluster: Cluster, name: str, addon_set: AddonSet) -> Result:
    """Merge a set that the served catalogue has, and watch the Services until it has arrived."""
    what = f"everything is Healthy on the add-ons of {name}, and no Service was without pods"
    old = ADDON_SETS[cluster.env.addon_set]
    try:
        cluster.charts.add(addon_set.charts.values())
    except NotServedError as error:
        return result(what, [str(error)], "")
    cluster.served.charts = cluster.charts.addresses
    before = await _ready(cluster)
    alone = [each async for each in _alone(cluster, before)]
    without: set[str] = set()
    started = time.monotonic()
    async with in_background(_watch(cluster, before, without)):
        text = with_text(cluster.served.text(module_of(cluster)), "addon_set", name)
        commit = await change_module(cluster, f"Add-ons of {name}", text)
        problems = await merges.synced(cluster, cluster.names.argocd_root, commit, seconds=_SECONDS)
        problems += await until(lambda: _arrived(cluster, addon_set), seconds=_SECONDS)
        problems += await merges.healthy(cluster, seconds=_SECONDS)
    took = time.monotonic() - started
    kept = {full_name(each) async for each in cluster.client.list(Service, namespace="*")}
    problems += [
        f"Service {each} was without a ready pod" for each in sorted(without & kept - set(alone))
    ]
    waited = ", ".join(sorted(without.intersection(alone))) or "none"
    lines = origins(moves(old, addon_set), cluster.charts.origins)
    return result(
        what,
        problems,
        "\n".join(
            [
                f"after {took:.0f} s; {len(before)} Services watched; without their only pod for a moment, "
                f"because a StatefulSet replaces it in place: {waited}",
                *lines,
            ]
        ),
    )


def following(env: Environment, sets: Mapping[str, AddonSet]) -> str | None:
    """The next newer set for the environment's Kubernetes minor; their names sort by their months."""
    newer = sorted(
        name
        for name, each in sets.items()
        if name > env.addon_set and env.cluster.kubernetes_version in each.kubernetes_versions
    )
    return newer[0] if newer else None


def moves(old: AddonSet, new: AddonSet) -> Iterator[tuple[Chart | None, Chart]]:
    """Each chart that differs: before, and now."""
    for addon in Addon:
        if (chart := new.charts.get(addon)) is not None and chart != old.charts.get(addon):
            yield old.charts.get(addon), chart


def origins(
    moved_charts: Iterable[tuple[Chart | None, Chart]], served: Mapping[Chart, str]
) -> list[str]:
    """The moves by what was served for the new version."""
    found: dict[str, list[str]] = defaultdict(list)
    for old, new in moved_charts:
        version = old.version if old is not None else "none"
        found[served[new]].append(f"{new.name} {version} → {new.version}")
    return [f"{', '.join(each)}: {origin}" for origin, each in found.items()]


def without_pods(before: Ready, now: Ready) -> set[str]:
    """The Services that had a ready pod and have none."""
    return {service for service, pods in before.items() if pods and not now.get(service)}


async def _ready(cluster: Cluster) -> Ready:
    return ready_pods([each async for each in cluster.client.list(EndpointSlice, namespace="*")])


async def _watch(cluster: Cluster, before: Ready, without: set[str]) -> None:
    while True:
        with suppress(*API_ERRORS):
            without |= without_pods(before, await _ready(cluster))
        await asyncio.sleep(_ROUND_SECONDS)


async def _alone(cluster: Cluster, before: Ready) -> AsyncIterator[str]:
    """The Services of a single pod of a StatefulSet."""
    of_stateful_sets = {
        full_name(pod)
        async for pod in cluster.client.list(Pod, namespace="*")
        if any(owner.kind == "StatefulSet" for owner in meta(pod).ownerReferences or ())
    }
    for service, pods in before.items():
        if len(pods) == 1 and pods <= of_stateful_sets:
            yield service


async def _arrived(cluster: Cluster, addon_set: AddonSet) -> list[str]:
    """The Applications that are not at the chart's version."""
    problems = []
    for addon, chart in addon_set.charts.items():
        name = cluster.names.application(addon)
        application = dict(await cluster.client.get(Application, name, namespace=ARGOCD_NAMESPACE))
        revision = application.get("status", {}).get("sync", {}).get("revision")
        if revision != chart.version:
            problems.append(f"{name} is at {revision} and not at {chart.version}")
    return problems
