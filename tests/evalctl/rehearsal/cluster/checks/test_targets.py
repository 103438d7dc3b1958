"""Which targets Prometheus must discover, and which of them it lacks."""

import pytest
import yaml
from lightkube.generic_resource import GenericNamespacedResource, create_namespaced_resource

from environments.names import App, Names
from environments.spec import Environment
from evalctl.rehearsal.cluster.checks.targets import (
    Target,
    Wanted,
    missing,
    of_boards,
    of_job,
    of_monitor,
    problems,
)
from tests.support.each_environment import EACH_ENVIRONMENT
from tests.support.paths import ROOT

MONITOR = create_namespaced_resource("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors")
POOL = "podMonitor/monitoring/platform/0"


def target(app: str, *, pool: str = POOL, of: str = "pod") -> Target:
    return {
        "scrapePool": pool,
        "discoveredLabels": {f"__meta_kubernetes_{of}_label_app_kubernetes_io_name": app},
        "labels": {"job": app},
    }


def monitor(selector: str) -> GenericNamespacedResource:
    document = {
        "metadata": {"name": "platform", "namespace": "monitoring"},
        "spec": {"selector": yaml.safe_load(selector)},
    }
    found: GenericNamespacedResource = MONITOR.from_dict(document)
    return found


BOTH = monitor(
    "matchExpressions: [{key: app.kubernetes.io/name, operator: In, values: [orchestrator, worker]}]"
)


def lacking(wanted: list[Wanted], *targets: Target) -> list[str]:
    return [each.name for each in missing(wanted, targets)]


def test_a_job_without_a_target_is_named() -> None:
    jobs = [of_job(POOL), of_job("podMonitor/monitoring/platform/1")]
    assert lacking(jobs, target("worker")) == ["podMonitor/monitoring/platform/1"]


def test_an_app_that_a_monitor_names_is_missing_although_the_job_has_a_target() -> None:
    wanted = [of_job(POOL), *of_monitor("podMonitor", BOTH)]
    assert lacking(wanted, target("orchestrator")) == ["worker in podMonitor/monitoring/platform"]
    assert lacking(wanted, target("orchestrator"), target("worker")) == []


def test_a_target_of_another_monitor_does_not_count() -> None:
    other = target("worker", pool="podMonitor/monitoring/platform-2/0")
    wanted = list(of_monitor("podMonitor", BOTH))
    assert lacking(wanted, target("orchestrator"), other) == [
        "worker in podMonitor/monitoring/platform"
    ]


def test_a_service_monitor_is_compared_by_the_labels_of_services() -> None:
    wanted = list(of_monitor("serviceMonitor", BOTH))
    pool = "serviceMonitor/monitoring/platform/0"
    found = [target(app, pool=pool, of="service") for app in ("orchestrator", "worker")]
    assert lacking(wanted, *found) == []
    assert lacking(wanted, *(target(app, pool=pool) for app in ("orchestrator", "worker"))) != []


@pytest.mark.parametrize(
    ("prefix", "selector"),
    [
        ("podMonitor", "matchLabels: {app: one}"),
        ("podMonitor", "matchExpressions: [{key: app, operator: NotIn, values: [one]}]"),
        ("podMonitor", "{}"),
        ("scrapeConfig", "{}"),
    ],
)
def test_a_selector_that_names_no_apps_needs_no_more_than_its_job(
    prefix: str, selector: str
) -> None:
    assert list(of_monitor(prefix, monitor(selector))) == []


def test_a_job_by_which_a_board_selects_is_missing_whatever_the_monitors_select() -> None:
    board = {"a.json": '{"expr": "up{job=\\"worker\\"} / up{job=\\"orchestrator\\"}"}'}
    wanted = list(of_boards([board, board]))
    assert lacking(wanted) == ["job orchestrator of a board", "job worker of a board"]
    assert lacking(wanted, target("orchestrator")) == ["job worker of a board"]


def test_boards_without_a_job_are_a_problem() -> None:
    assert problems([of_job(POOL)], []) == ["no board of the platform names a job"]
    board = Wanted(name="job worker of a board", job="worker")
    assert problems([board], []) == []
    assert problems([board], [board]) == ["job worker of a board has no target"]


@EACH_ENVIRONMENT
def test_the_rendered_monitor_and_boards_need_both_apps(env: Environment) -> None:
    names = Names(env)
    path = ROOT / names.app_folder(App.MONITORING) / "PodMonitor-platform.yaml"
    item = MONITOR.from_dict(yaml.safe_load(path.read_text(encoding="utf-8")))
    boards = [
        yaml.safe_load(board.read_text(encoding="utf-8"))["data"]
        for board in (ROOT / names.dashboards_folder).glob("ConfigMap-board-*.yaml")
    ]
    for wanted in (list(of_monitor("podMonitor", item)), list(of_boards(boards))):
        named = " ".join(each.name for each in wanted)
        assert "orchestrator" in named
        assert "worker" in named
