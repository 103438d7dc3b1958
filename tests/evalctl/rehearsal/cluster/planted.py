"""Faults for the checks that change a cluster or wait: a merged change, the check that fails, and what it names."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from lightkube.resources.core_v1 import Pod

from environments.dev import DEV
from environments.names import GENERAL_POOL, WORKER_POOL, Addon, App, Names
from evalctl.rehearsal.cluster import applications
from evalctl.rehearsal.cluster.applications import Watched
from evalctl.rehearsal.cluster.checks import (
    capacity,
    day_two,
    disruption,
    faults,
    first_sync,
    go_live,
    losses,
    merges,
    monitoring,
    previews,
    scaling,
    secrets,
    sync,
)
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.half import Check
from evalctl.rehearsal.cluster.node_template import ZONE_LABEL
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.cluster.scheduling import node_of
from evalctl.rehearsal.cluster.served.repository import Edits
from evalctl.rehearsal.cluster.state import meta, name_of
from evalctl.rehearsal.cluster.waiting import until

NAMES = Names(DEV)
Edit = Callable[[Cluster], Awaitable[Edits]]

_WATCHED_SECONDS = 25
_CHECKED_SECONDS = 20  # instead of what a check waits for in a rehearsal
_HEALED_SECONDS = 300
_SOON = 10  # the limit of a first sync that is too slow


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A change to served files, the check that must fail while it is merged, and what it must name."""

    application: str  # which syncs the change
    edit: Edit
    check: Check
    named: str
    # Constants of the check's modules, in seconds, so that it does not wait as long as for a slow machine.
    waits: Mapping[str, int] = field(default_factory=dict)


def edited(path: str, old: str, new: str, *more: tuple[str, str]) -> Edit:
    """Replace every match of each pattern in one served file."""

    async def edit(cluster: Cluster) -> Edits:
        text = cluster.served.text(path)
        for pattern, replacement in ((old, new), *more):
            text, times = re.subn(pattern, replacement, text)
            assert times, f"{pattern} is not in {path}"
        return {path: text}

    return edit


def removed(path: str) -> Edit:
    """Remove one served file."""

    async def edit(_: Cluster) -> Edits:
        return {path: None}

    return edit


def added(path: str, name: str, *, other: str) -> Edit:
    """Put a second object into a served file, a copy with another name."""

    async def edit(cluster: Cluster) -> Edits:
        text = cluster.served.text(path)
        copy, times = re.subn(rf"^  name: {name}$", f"  name: {other}", text, flags=re.MULTILINE)
        assert times == 1, f"{path} has no {name}"
        return {path: f"{text}---\n{copy}"}

    return edit


def together(*edits: Edit) -> Edit:
    async def edit(cluster: Cluster) -> Edits:
        found: dict[str, str | None] = {}
        for each in edits:
            found |= await each(cluster)
        return found

    return edit


def file_of(app: App, file: str) -> str:
    return f"{NAMES.app_folder(app)}/{file}"


def application(name: str) -> str:
    return f"{NAMES.argocd_folder}/Application-{name}.yaml"


NEW_PODS = (r"config-checksum: \w+", "config-checksum: another")
ORCHESTRATOR = file_of(App.ORCHESTRATOR, "Deployment-orchestrator.yaml")
WORKER = file_of(App.WORKER, "Deployment-worker.yaml")
AUTOSCALER = file_of(App.WORKER, "HorizontalPodAutoscaler-worker.yaml")
RULES = f"{NAMES.dashboards_folder}/PrometheusRule-recording-rules.yaml"
ROUTES = f"{NAMES.dashboards_folder}/ExternalSecret-alertmanager-config.yaml"
ORCHESTRATOR_APP = NAMES.application(App.ORCHESTRATOR)
WORKER_APP = NAMES.application(App.WORKER)
SECRETS_APP = NAMES.application(App.SECRETS)
STACK = NAMES.application(Addon.PROMETHEUS_STACK)

# Each for several checks.
_REFUSED_PORT = edited(
    file_of(App.ORCHESTRATOR, "Service-orchestrator.yaml"), r"port: \d+", "port: 99999"
)
_MADE_ONCE = edited(
    file_of(App.SECRETS, "ExternalSecret-postgres.yaml"),
    r"refreshInterval: \w+",
    "refreshPolicy: CreatedOnce",
)
_TWO_BUDGETS = added(
    file_of(App.WORKER, "PodDisruptionBudget-worker.yaml"), "worker", other="worker-2"
)


async def _pinned_to_a_node(cluster: Cluster) -> Edits:
    """The orchestrator on the general node that is lost: that with the most pods."""
    pods = Counter([node_of(pod) async for pod in cluster.client.list(Pod, namespace="*")])
    nodes = [name_of(node) for node in await cluster.nodes(GENERAL_POOL)]
    fullest = max(nodes, key=lambda node: pods[node])
    return await edited(
        ORCHESTRATOR, r"( +)nodeSelector:\n", rf"\g<0>\1  kubernetes.io/hostname: {fullest}\n"
    )(cluster)


async def _pinned_to_a_zone(cluster: Cluster) -> Edits:
    """The workers in the zone with the most spot nodes."""
    nodes = await cluster.nodes(WORKER_POOL)
    ((zone, _),) = Counter((meta(node).labels or {})[ZONE_LABEL] for node in nodes).most_common(1)
    return await edited(WORKER, r"( +)nodeSelector:\n", rf"\g<0>\1  {ZONE_LABEL}: {zone}\n")(
        cluster
    )


async def _watched(cluster: Cluster) -> Watched:
    """The Applications from now on, as in a first sync."""
    watched = Watched()
    deadline = time.monotonic() + _WATCHED_SECONDS
    while time.monotonic() < deadline:
        watched.add(await applications.read(cluster.client))
        await asyncio.sleep(1)
    after = time.monotonic() - watched.started
    watched.settled_after = {
        name: watched.settled_after.get(name, after) for name in watched.states
    }
    return watched


def _of_first_sync(index: int, *, limit_seconds: float = 300) -> Check:
    """One of the three results of a first sync, of what happens after the merge."""

    async def check(cluster: Cluster) -> Result:
        return first_sync.check(await _watched(cluster), limit_seconds=limit_seconds)[index]

    return check


async def _flaps(cluster: Cluster) -> Result:
    return await first_sync.flapping(cluster, seconds=_CHECKED_SECONDS)


async def _general_nodes_updated(cluster: Cluster) -> Result:
    return await disruption.update(cluster, pools=(GENERAL_POOL,))


async def _image_that_cannot_start(cluster: Cluster) -> Result:
    (bad,) = (each for each in faults.BAD_MERGES if "image" in each.what)
    return result(bad.what, await faults.bad_merge(cluster, bad), "")


def _later(check: Callable[[Cluster], Awaitable[Result]]) -> Check:
    """The check, when the controllers have acted on the merge."""

    async def later(cluster: Cluster) -> Result:
        await asyncio.sleep(_CHECKED_SECONDS)
        return await check(cluster)

    return later


async def _alertmanager(cluster: Cluster) -> Result:
    await secrets.refresh(cluster, "alertmanager-config", namespace="monitoring")
    await asyncio.sleep(_CHECKED_SECONDS)
    return (await monitoring.check(cluster))[-1]


PLANTED = {
    "an early Application that is ready late": Planted(
        application=ORCHESTRATOR_APP,
        edit=edited(ORCHESTRATOR, r"minReadySeconds: \d+", "minReadySeconds: 50", NEW_PODS),
        check=_of_first_sync(0),
        named=f"before {ORCHESTRATOR_APP} of wave",
    ),
    "a first attempt that fails": Planted(
        application=ORCHESTRATOR_APP,
        edit=added(
            file_of(App.ORCHESTRATOR, "ConfigMap-orchestrator.yaml"),
            "orchestrator",
            other="no_name",
        ),
        check=_of_first_sync(1),
        named="no_name",
    ),
    "a sync that takes too long": Planted(
        application=WORKER_APP,
        edit=edited(WORKER, r"(?m)^spec:\n", "spec:\n  minReadySeconds: 50\n", NEW_PODS),
        check=_of_first_sync(2, limit_seconds=_SOON),
        named="longest wave 10",
    ),
    "a field that two write": Planted(
        application=WORKER_APP,
        edit=together(
            edited(WORKER, r"(?m)^spec:\n", "spec:\n  replicas: 1\n"),
            edited(application(WORKER_APP), r"\.spec\.replicas", ".spec.paused"),
        ),
        check=_flaps,
        named=f"{WORKER_APP} became",
    ),
    "an object that the API refuses, for a second sync": Planted(
        application=ORCHESTRATOR_APP,
        edit=_REFUSED_PORT,
        check=first_sync.second_sync,
        named=f"{ORCHESTRATOR_APP} is Unknown",
    ),
    "an object that the API refuses, for a go-live": Planted(
        application=ORCHESTRATOR_APP,
        edit=_REFUSED_PORT,
        check=go_live.check,
        named=f"Application {ORCHESTRATOR_APP}: Unknown",
    ),
    "a Secret that is made once": Planted(
        application=SECRETS_APP,
        edit=_MADE_ONCE,
        check=secrets.rotated,
        named="Secret eval-platform/postgres has the old password",
        waits={"secrets._ROTATION_SECONDS": _CHECKED_SECONDS},
    ),
    "a Secret that is made once, and loses a key": Planted(
        application=SECRETS_APP,
        edit=_MADE_ONCE,
        check=secrets.without_a_key,
        named="ExternalSecret postgres reports",
        waits={"secrets._SPOILED_SECONDS": _CHECKED_SECONDS},
    ),
    "a Secret that goes with its entry": Planted(
        application=SECRETS_APP,
        edit=edited(
            file_of(App.SECRETS, "ExternalSecret-llm-keys.yaml"),
            "deletionPolicy: Retain",
            "deletionPolicy: Delete",
        ),
        check=secrets.without_provider_keys,
        named="llm-keys",
        waits={"secrets._SPOILED_SECONDS": _CHECKED_SECONDS},
    ),
    "a route to a receiver that is missing": Planted(
        application=NAMES.argocd_dashboards,
        edit=edited(ROUTES, "- receiver: sre-critical", "- receiver: sre-crtical"),
        check=_alertmanager,
        named="sre-crtical",
    ),
    "a lower maximum of the autoscaler": Planted(
        application=WORKER_APP,
        edit=edited(AUTOSCALER, r"maxReplicas: \d+", "maxReplicas: 3"),
        check=_later(scaling.burst),
        named="3 workers",
        waits={"scaling._UP_SECONDS": _CHECKED_SECONDS},
    ),
    "workers that are larger than their nodes": Planted(
        application=WORKER_APP,
        edit=edited(WORKER, r"cpu: \d+m", "cpu: 3000m"),
        check=_later(capacity.at_the_maximum),
        named="eval-platform/worker",
        waits={"capacity._ROOM_SECONDS": _CHECKED_SECONDS},
    ),
    "a rollout that needs an image which nobody pushed": Planted(
        application=ORCHESTRATOR_APP,
        edit=edited(ORCHESTRATOR, r"orchestrator@sha256:\w{8}", "orchestrator@sha256:deadbeef"),
        check=capacity.rollouts_on_general,
        named="eval-platform/orchestrator",
        waits={"capacity.ROLLOUT_SECONDS": 60},
    ),
    "workers that a rollout cannot replace": Planted(
        application=WORKER_APP,
        edit=edited(WORKER, r"worker@sha256:\w{8}", "worker@sha256:deadbeef"),
        check=_later(capacity.rollouts_on_workers),
        named="eval-platform/worker",
        waits={"capacity.ROLLOUT_SECONDS": _CHECKED_SECONDS},
    ),
    "two budgets for one pod, and a drain": Planted(
        application=WORKER_APP,
        edit=_TWO_BUDGETS,
        check=disruption.one_of_each_group,
        named="more than one PodDisruptionBudget",
        waits={"disruption._DRAIN_SECONDS": _CHECKED_SECONDS},
    ),
    "two budgets for one pod, and a spot reclaim": Planted(
        application=WORKER_APP,
        edit=_TWO_BUDGETS,
        check=losses.spot_reclaim,
        named="more than one PodDisruptionBudget",
        waits={"losses._NOTICE_SECONDS": _CHECKED_SECONDS},
    ),
    "two budgets for one pod, and an update of its group": Planted(
        application=ORCHESTRATOR_APP,
        edit=added(
            file_of(App.ORCHESTRATOR, "PodDisruptionBudget-orchestrator.yaml"),
            "orchestrator",
            other="orchestrator-2",
        ),
        check=_general_nodes_updated,
        named="more than one PodDisruptionBudget",
        waits={"disruption._DRAIN_SECONDS": _CHECKED_SECONDS},
    ),
    "a pod that only one node takes": Planted(
        application=ORCHESTRATOR_APP,
        edit=_pinned_to_a_node,
        check=losses.without_a_general_node,
        named="eval-platform/orchestrator",
        waits={"losses._REPLACED_SECONDS": 100},
    ),
    "workers that only one zone takes": Planted(
        application=WORKER_APP,
        edit=_pinned_to_a_zone,
        check=losses.without_the_largest_spot_zone,
        named="eval-platform/worker",
        waits={"losses._REPLACED_SECONDS": 100},
    ),
    "an autoscaler without the queue's metric": Planted(
        application=WORKER_APP,
        edit=edited(AUTOSCALER, r"  - external:\n(?:    .*\n)+", ""),
        check=scaling.without_prometheus_adapter,
        named="the autoscaler does not notice",
        waits={
            "scaling._NOTICED_SECONDS": _CHECKED_SECONDS,
            "scaling._UP_SECONDS": _CHECKED_SECONDS,
        },
    ),
    "an autoscaler without the CPU's metric": Planted(
        application=WORKER_APP,
        edit=edited(AUTOSCALER, r"  - resource:\n(?:    .*\n)+", ""),
        check=scaling.without_metrics_server,
        named="the autoscaler does not notice",
        waits={"scaling._NOTICED_SECONDS": _CHECKED_SECONDS},
    ),
    "an Application that leaves the maximum to others": Planted(
        application=NAMES.argocd_root,
        edit=edited(
            application(WORKER_APP),
            r"  ignoreDifferences:\n",
            "  ignoreDifferences:\n"
            "  - group: autoscaling\n    kind: HorizontalPodAutoscaler\n    jqPathExpressions:\n"
            "    - .spec.maxReplicas\n",
        ),
        check=day_two.maximum_changes,
        named="4 workers and not 3",
        waits={"day_two._SECONDS": 40},
    ),
    "a storage class without growth": Planted(
        application=NAMES.application(App.FOUNDATION),
        edit=edited(
            file_of(App.FOUNDATION, "StorageClass-gp3.yaml"),
            "allowVolumeExpansion: true",
            "allowVolumeExpansion: false",
        ),
        check=day_two.storage_grows,
        named="must support resize",
    ),
    "a Deployment that stops its pods first": Planted(
        application=ORCHESTRATOR_APP,
        edit=edited(
            ORCHESTRATOR, r"  strategy:\n(?:    .*\n)+", "  strategy:\n    type: Recreate\n"
        ),
        check=_image_that_cannot_start,
        named="eval-platform/orchestrator has 0 of 1 available pods",
    ),
    "a Job that fails, and a controller that is killed": Planted(
        application=NAMES.application(App.CLICKHOUSE_SCHEMA),
        edit=edited(
            file_of(App.CLICKHOUSE_SCHEMA, "Job-clickhouse-schema.yaml"),
            r"activeDeadlineSeconds: \d+",
            "activeDeadlineSeconds: 1",
        ),
        check=faults.controller_killed,
        named="clickhouse-schema",
    ),
    "an Application that nobody syncs": Planted(
        application=NAMES.argocd_root,
        edit=edited(application(ORCHESTRATOR_APP), r"    automated:\n(?:      .*\n)+", ""),
        check=faults.api_server_restarted,
        named=ORCHESTRATOR_APP,
    ),
    "another label on the previews page": Planted(
        application=NAMES.argocd_root,
        edit=edited("docs/previews.md", 'label="preview"', 'label="other"'),
        check=previews.check,
        named="Application ai-eval-platform-dev-pr-7 is missing",
        waits={"day_two._SECONDS": 60, "previews._SECONDS": _CHECKED_SECONDS},
    ),
    "a stack that is pruned at once": Planted(
        application=NAMES.argocd_root,
        edit=edited(
            application(STACK),
            r"    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm\n",
            "",
        ),
        check=faults.stack_prune_waits,
        named=f"{NAMES.argocd_root} is",
        waits={"faults._NAMED_SECONDS": _CHECKED_SECONDS},
    ),
}


async def merged(cluster: Cluster, planted: Planted) -> list[str]:
    """Merge the change, and wait until Argo CD has compared its Application with it."""
    commit = cluster.served.commit("A broken change", await planted.edit(cluster))
    for each in dict.fromkeys((NAMES.argocd_root, planted.application)):
        await sync.refresh(cluster, each)

    async def compared() -> list[str]:
        state = (await applications.read(cluster.client))[planted.application]
        return [] if state.revision == commit else [f"{planted.application} is at {state.revision}"]

    return await until(compared, seconds=merges.SECONDS)


async def healed(cluster: Cluster, *, merged_before: int) -> list[str]:
    """Revert what a fault and its check merged, and take the workers to their maximum again."""
    while cluster.served.merged > merged_before:
        cluster.served.revert()
    problems = await sync.compare(cluster)
    for check in (scaling.burst, capacity.at_the_maximum):
        found = await check(cluster)
        problems += [] if found.passed else [found.evidence]
    return problems + await merges.healthy(cluster, seconds=_HEALED_SECONDS)
