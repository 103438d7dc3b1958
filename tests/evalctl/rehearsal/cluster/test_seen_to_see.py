"""Each check of a rehearsed cluster sees its fault: one broken change is merged, seen and reverted."""

import asyncio
import os
import re
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from environments.catalog import ADDON_SETS, AddonSet, Chart
from environments.dev import DEV
from environments.names import (
    EXTERNAL_SECRETS_NAMESPACE,
    MONITORING_NAMESPACE,
    Addon,
    App,
    Names,
)
from environments.prod import PROD
from evalctl.processes import output
from evalctl.rehearsal.cluster import checks as checks_package
from evalctl.rehearsal.cluster import day_one, half, teardown
from evalctl.rehearsal.cluster.checks import (
    admission,
    capacity,
    disruption,
    merges,
    monitoring,
    next_addon_set,
    next_minor,
    running,
    scaling,
    secrets,
    sync,
    windows,
)
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.commands import evalctl
from evalctl.rehearsal.cluster.control_plane import choose_address
from evalctl.rehearsal.cluster.programs import Programs
from evalctl.rehearsal.cluster.result import Result
from evalctl.rehearsal.cluster.served.replacements import Windows
from evalctl.rehearsal.cluster.waiting import until
from tests.evalctl.rehearsal.cluster.planted import (
    PLANTED,
    RULES,
    Edit,
    edited,
    file_of,
    healed,
    merged,
    removed,
)
from tests.support.paths import ROOT

pytestmark = pytest.mark.cluster

NAMES = Names(DEV)
NEXT_SET = "9999-12"
CHECKS_PACKAGE = checks_package.__name__
_SEEN_SECONDS = 25  # for what a check waits for
_WINDOWS = """sync_windows=(
        SyncWindow(
            kind=SyncWindowKind.DENY,
            schedule="0 15 * * 5",
            duration_hours=64,
            time_zone="Europe/Berlin",
        ),
    ),"""
_WINDOW_TYPES = "    SyncWindow,\n    SyncWindowKind,\n    Tier,\n"

Check = Callable[[Cluster], Awaitable[Result]]


async def pods(cluster: Cluster) -> Result:
    return await running.pods(cluster, seconds=_SEEN_SECONDS)


async def rollout(cluster: Cluster) -> Result:
    return await capacity.rollout(cluster, "worker", seconds=_SEEN_SECONDS)


async def monitored(cluster: Cluster) -> Result:
    found = await monitoring.check(cluster, target_seconds=_SEEN_SECONDS)
    return next((each for each in found if not each.passed), found[0])


# In the order in which they run; a rollout changes pods, so it is the first.
CHECKS: dict[str, Check] = {
    "rollout": rollout,
    "pods": pods,
    "services": running.services,
    "budgets": disruption.budgets,
    "admission": admission.check,
    "secrets": secrets.arrived,
    "monitoring": monitored,
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A change to a served file, and the only checks that may fail, with what they must name."""

    application: str
    edit: Edit
    seen_by: dict[str, str]


FAULTS = {
    "a request larger than a node": Fault(
        application=NAMES.application(App.ORCHESTRATOR),
        # The request and its limit: as large as a general node, of which a part is reserved.
        edit=edited(
            file_of(App.ORCHESTRATOR, "Deployment-orchestrator.yaml"), r"cpu: \d+m", "cpu: 2000m"
        ),
        seen_by={"pods": "orchestrator"},
    ),
    "a missing service account": Fault(
        application=NAMES.application(App.ORCHESTRATOR),
        edit=removed(file_of(App.ORCHESTRATOR, "ServiceAccount-orchestrator.yaml")),
        seen_by={"pods": "ServiceAccount eval-platform/orchestrator"},
    ),
    "a toleration of another taint": Fault(
        application=NAMES.application(App.WORKER),
        edit=edited(
            file_of(App.WORKER, "Deployment-worker.yaml"),
            r"key: eval-platform.io/pool\n(\s+)operator",
            r"key: eval-platform.io/other\n\1operator",
        ),
        seen_by={"pods": "eval-platform/worker", "rollout": "eval-platform/worker"},
    ),
    "a surge on a full group": Fault(
        application=NAMES.application(App.WORKER),
        edit=edited(
            file_of(App.WORKER, "Deployment-worker.yaml"),
            r"maxSurge: 0\n(\s+)maxUnavailable: 25%",
            r"maxSurge: 1\n\1maxUnavailable: 0",
        ),
        seen_by={"rollout": "eval-platform/worker", "pods": "eval-platform/worker"},
    ),
    "half a byte of memory": Fault(
        application=NAMES.application(App.ORCHESTRATOR),
        edit=edited(
            file_of(App.ORCHESTRATOR, "Deployment-orchestrator.yaml"),
            r"memory: 1024Mi",
            "memory: 1073741823.5",
        ),
        seen_by={"admission": "fractional byte value"},
    ),
    "a quota one pod short": Fault(
        application=NAMES.application(App.NAMESPACE),
        edit=edited(
            file_of(App.NAMESPACE, "ResourceQuota-platform.yaml"), r"pods: '\d+'", "pods: '4'"
        ),
        seen_by={"rollout": "worker", "pods": "exceeded quota"},
    ),
    "a budget of zero": Fault(
        application=NAMES.application(App.ORCHESTRATOR),
        edit=edited(
            file_of(App.ORCHESTRATOR, "PodDisruptionBudget-orchestrator.yaml"),
            r"maxUnavailable: 1",
            "maxUnavailable: 0",
        ),
        seen_by={"budgets": "eval-platform/orchestrator"},
    ),
    "a renamed key of a Secret": Fault(
        application=NAMES.application(App.MONITORING),
        edit=edited(
            file_of(App.MONITORING, "ExternalSecret-redis-metrics-user.yaml"),
            r"        url:",
            "        address:",
        ),
        seen_by={
            "pods": "monitoring/redis-metrics-user",
            "secrets": "Secret monitoring/redis-metrics-user, which has no key url",
        },
    ),
    "two swapped properties of a Secret": Fault(
        application=NAMES.application(App.MONITORING),
        edit=edited(
            file_of(App.MONITORING, "ExternalSecret-grafana-admin.yaml"),
            r"property: username\n((?:.*\n)+?.*)property: password",
            r"property: password\n\1property: username",
        ),
        seen_by={"secrets": "Secret monitoring/grafana-admin"},
    ),
    "another port of a Service": Fault(
        application=NAMES.application(App.ORCHESTRATOR),
        edit=edited(
            file_of(App.ORCHESTRATOR, "Service-orchestrator.yaml"),
            r"targetPort: http",
            "targetPort: web",
        ),
        seen_by={"services": "eval-platform/orchestrator"},
    ),
    "another port in a chart's values": Fault(
        application=NAMES.argocd_root,
        edit=edited(
            f"{NAMES.argocd_folder}/Application-{NAMES.application(Addon.PROMETHEUS_ADAPTER)}.yaml",
            r"port: 9090",
            "port: 9091",
        ),
        seen_by={"services": "Service monitoring/kube-prometheus-stack-prometheus"},
    ),
    "a monitor that selects nothing": Fault(
        application=NAMES.application(App.MONITORING),
        edit=edited(
            file_of(App.MONITORING, "PodMonitor-platform.yaml"),
            r"(values:\n)(\s+)- orchestrator\n\s+- worker",
            r"\1\2- nobody",
        ),
        seen_by={"monitoring": "podMonitor/monitoring/platform"},
    ),
    "a monitor that leaves the workers out": Fault(
        application=NAMES.application(App.MONITORING),
        edit=edited(file_of(App.MONITORING, "PodMonitor-platform.yaml"), r"\n +- worker", ""),
        seen_by={"monitoring": "job worker of a board"},
    ),
    "a monitor with another name of the workers": Fault(
        application=NAMES.application(App.MONITORING),
        edit=edited(file_of(App.MONITORING, "PodMonitor-platform.yaml"), r"- worker", "- workers"),
        seen_by={"monitoring": "workers in podMonitor/monitoring/platform"},
    ),
    "a rule that is no PromQL": Fault(
        application=NAMES.argocd_dashboards,
        edit=edited(RULES, r"\A((?:.*\n)*?.*)expr: ", r"\1expr: sum("),
        seen_by={"monitoring": "PrometheusRule monitoring/recording-rules"},
    ),
    "an image that nobody pushed": Fault(
        application=NAMES.application(App.ORCHESTRATOR),
        edit=edited(
            file_of(App.ORCHESTRATOR, "Deployment-orchestrator.yaml"),
            r"orchestrator@sha256:\w{8}",
            "orchestrator@sha256:deadbeef",
        ),
        seen_by={"pods": "image"},
    ),
}


@dataclass
class Running:
    """A cluster after its first sync, and the loop in which it lives."""

    runner: asyncio.Runner
    cluster: Cluster


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout, in which dev has prod's sync windows."""
    folder = tmp_path_factory.mktemp("checkouts") / "checkout"
    listed = output(
        ("git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    )
    for path in filter(None, listed.split("\0")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, folder / path)
    module = folder / "environments" / "dev.py"
    text = module.read_text()
    for old, new in (("sync_windows=(),", _WINDOWS), ("    Tier,\n", _WINDOW_TYPES)):
        assert text.count(old) == 1
        text = text.replace(old, new)
    module.write_text(text)
    asyncio.run(evalctl("render", "--env", "dev", checkout=folder, environment=dict(os.environ)))
    return folder


@pytest.fixture(scope="module")
def rehearsed(
    programs: Programs, checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("cluster")
    setup = half.Setup(
        env=replace(DEV, sync_windows=PROD.sync_windows),
        checkout=checkout,
        programs=programs,
        folder=folder,
        address=choose_address(folder),
        full=False,
    )
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield Running(runner, runner.run(_up(setup, stack)))
        finally:
            runner.run(stack.aclose())


async def _up(setup: half.Setup, stack: AsyncExitStack) -> Cluster:
    aws = await stack.enter_async_context(half.aws_without_stacks(setup))
    cluster = await stack.enter_async_context(half.cluster_of(setup, aws))
    half.fill_secrets(cluster)
    await day_one.bootstrap(cluster)
    await day_one.first_sync(cluster, lambda what, seconds: print(f"{what} {seconds:.0f} s"))
    for check in (scaling.burst, capacity.at_the_maximum):
        found = await check(cluster)
        assert found.passed, found.evidence
    return cluster


def test_without_a_fault_every_check_passes(rehearsed: Running) -> None:
    assert rehearsed.runner.run(_failed(rehearsed.cluster)) == {}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_seen_by_its_checks_and_by_no_other(rehearsed: Running, name: str) -> None:
    fault = FAULTS[name]
    failed = rehearsed.runner.run(_seen(rehearsed.cluster, fault))
    assert failed.keys() == fault.seen_by.keys(), failed
    for check, named in fault.seen_by.items():
        assert named in failed[check]


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_is_seen_by_the_check_that_changes_the_cluster(
    rehearsed: Running, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    planted, cluster = PLANTED[name], rehearsed.cluster
    before = cluster.served.merged
    for constant, seconds in planted.waits.items():
        monkeypatch.setattr(f"{CHECKS_PACKAGE}.{constant}", seconds)
    try:
        assert rehearsed.runner.run(merged(cluster, planted)) == []
        results = rehearsed.runner.run(half.ended(planted.check, cluster))
    finally:
        monkeypatch.undo()
        healthy = rehearsed.runner.run(healed(cluster, merged_before=before))
    evidence = "\n".join(found.evidence for found in results if not found.passed)
    print(evidence)
    assert planted.named in evidence
    assert healthy == []


def test_windows_of_other_applications_hold_nothing_back(
    rehearsed: Running, checkout: Path
) -> None:
    """Windows are served as the checkout has them, so the fault is there."""
    cluster = rehearsed.cluster
    project = checkout / NAMES.argocd_folder / f"AppProject-{NAMES.prefix}.yaml"
    right, before = project.read_text(), cluster.served.merged
    pattern = r"(syncWindows:\n(?:.*\n)*?    applications:\n    - ).*"
    changed, times = re.subn(pattern, r"\1nothing", right)
    assert times == 1
    project.write_text(changed)
    try:
        (found,) = rehearsed.runner.run(half.ended(windows.check, cluster))
    finally:
        project.write_text(right)
        cluster.served.set_windows(Windows.OPEN)
        problems = rehearsed.runner.run(sync.by_hand(cluster, NAMES.argocd_root))
        problems += rehearsed.runner.run(healed(cluster, merged_before=before))
    app = NAMES.application(App.WORKER)
    assert f"{app} was synced while its window was closed" in found.evidence
    assert problems == []


def test_the_next_set_of_add_ons_arrives(rehearsed: Running) -> None:
    """The cluster stays on it. Nobody has released its versions, so stand-ins or older charts serve them."""
    found = rehearsed.runner.run(_moved(rehearsed.cluster))
    print(found.evidence)
    assert found.passed, found.evidence
    for chart in ADDON_SETS[DEV.addon_set].charts.values():
        assert f"{chart.name} {chart.version} → {_newer(chart.version)}" in found.evidence


# From here on the cluster is used up, so the order matters.


def test_an_upgrade_to_the_next_minor_names_a_pod_that_no_drain_moves(
    rehearsed: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{CHECKS_PACKAGE}.disruption._DRAIN_SECONDS", _SEEN_SECONDS)
    fault = PLANTED["two budgets for one pod, and an update of its group"]
    found = _used(rehearsed, fault.application, fault.edit, next_minor.check)
    assert fault.named in found.evidence


def test_a_teardown_that_ends_before_it_is_stopped_is_seen(rehearsed: Running) -> None:
    protected = edited(
        "environments/dev.py", "deletion_protection=False", "deletion_protection=True"
    )
    found = _used(rehearsed, NAMES.argocd_root, protected, teardown.stopped_halfway)
    assert "it ended before it was stopped" in found.evidence


def test_a_teardown_that_must_refuse_and_what_it_leaves_are_seen(rehearsed: Running) -> None:
    """Dev's teardown is not refused, and a namespace stays when its Application is deleted."""
    app, file = App.MONITORING, f"Namespace-{MONITORING_NAMESPACE}.yaml"
    stays = edited(file_of(app, file), "Delete=confirm", "Delete=false")
    refused = _used(rehearsed, NAMES.application(app), stays, teardown.refused)
    left = rehearsed.runner.run(teardown.check(rehearsed.cluster))
    assert "it was torn down" in refused.evidence
    assert f"Namespace {MONITORING_NAMESPACE} is left" in left.evidence


def test_a_bootstrap_that_prints_no_closed_window_is_seen(rehearsed: Running) -> None:
    silent = edited(
        "evalctl/lifecycle/bootstrap.py", "syncs nothing by itself until", "waits until"
    )
    found = _used(rehearsed, None, silent, windows.first_day)
    assert "bootstrap printed no warning" in found.evidence


def test_what_a_teardown_in_a_first_sync_leaves_is_seen(rehearsed: Running) -> None:
    torn_down = rehearsed.runner.run(teardown.check(rehearsed.cluster))
    assert torn_down.passed, torn_down.evidence
    file = f"Namespace-{EXTERNAL_SECRETS_NAMESPACE}.yaml"
    stays = edited(file_of(App.FOUNDATION, file), "Delete=confirm", "Delete=false")
    found = _used(rehearsed, None, stays, teardown.in_the_first_sync)
    assert f"Namespace {EXTERNAL_SECRETS_NAMESPACE} is left" in found.evidence


def _used(rehearsed: Running, application: str | None, edit: Edit, check: half.Check) -> Result:
    """The result of a check after a broken change, which is reverted; a cluster without Applications compares none."""
    return rehearsed.runner.run(_checked(rehearsed.cluster, application, edit, check))


async def _checked(
    cluster: Cluster, application: str | None, edit: Edit, check: half.Check
) -> Result:
    commit = cluster.served.commit("A broken change", await edit(cluster))
    before = cluster.served.merged
    if application is not None:
        await _at(cluster, application, commit)
    try:
        (found,) = await half.ended(check, cluster)
    finally:
        while cluster.served.merged >= before:
            cluster.served.revert()
    print(found.evidence)
    return found


async def _at(cluster: Cluster, application: str, commit: str) -> None:
    """Let Argo CD sync an Application at a commit."""
    await sync.refresh(cluster, application)
    at_the_commit = partial(merges.at_revision, cluster, application, commit)
    assert not await until(at_the_commit, seconds=merges.SECONDS)


async def _moved(cluster: Cluster) -> Result:
    """Put a newer set into the served catalogue, as a pull request does, and move to it."""
    newest = ADDON_SETS[DEV.addon_set]
    charts = {
        addon: replace(chart, version=_newer(chart.version))
        for addon, chart in newest.charts.items()
    }
    catalog = "environments/catalog.py"
    text = f"{cluster.served.text(catalog)}\nADDON_SETS[{NEXT_SET!r}] = {_source(newest, charts)}\n"
    cluster.served.commit("The next set of add-ons", {catalog: text})
    return await next_addon_set.moved(cluster, NEXT_SET, replace(newest, charts=charts))


def _source(newest: AddonSet, charts: Mapping[Addon, Chart]) -> str:
    """The set as a person writes it."""
    lines = "".join(f"Addon.{addon.name}: {chart!r}, " for addon, chart in charts.items())
    return f"AddonSet(kubernetes_versions={newest.kubernetes_versions!r}, charts={{{lines}}})"


def _newer(version: str) -> str:
    major, _, patch = version.rpartition(".")
    return f"{major}.{int(patch) + 1}"


async def _seen(cluster: Cluster, fault: Fault) -> dict[str, str]:
    """The evidence of the checks that fail while the change is merged."""
    commit = cluster.served.commit("A broken change", await fault.edit(cluster))
    try:
        await _at(cluster, fault.application, commit)
        return await _failed(cluster)
    finally:
        assert not await merges.reverted(cluster, fault.application)


async def _failed(cluster: Cluster) -> dict[str, str]:
    results = {name: await check(cluster) for name, check in CHECKS.items()}
    return {name: found.evidence for name, found in results.items() if not found.passed}
