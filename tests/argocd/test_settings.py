"""Argo CD's health checks, run with a real Lua interpreter that has no more libraries than Argo CD's."""

import datetime

import pytest

from argocd.settings import CONFIG, GRACE_SECONDS
from tests.support.manifests import Manifest

lupa = pytest.importorskip("lupa", reason="lupa, which runs Lua, is not installed")

# Argo CD 3.5 opens `package`, the base functions and `table`, and lets `os` be required (`util/lua`).
_NOT_OPENED = ("coroutine", "debug", "io", "math", "os", "string", "utf8")


def health(group_kind: str, obj: Manifest) -> str:
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    for library in _NOT_OPENED:
        lua.globals()[library] = None
    judge = lua.eval(
        "function(obj) " + CONFIG[f"resource.customizations.health.{group_kind}"] + " end"
    )
    return str(judge(lua.table_from({"metadata": {}} | obj, recursive=True))["status"])


def judged(status: dict[str, dict[str, str]] | None) -> str:
    return health("argoproj.io_Application", {} if status is None else {"status": status})


def status(*, health: str, sync: str, phase: str = "Succeeded") -> dict[str, dict[str, str]]:
    return {
        "health": {"status": health},
        "sync": {"status": sync},
        "operationState": {"phase": phase},
    }


def test_an_application_that_is_healthy_and_in_sync_lets_the_next_wave_start() -> None:
    assert judged(status(health="Healthy", sync="Synced")) == "Healthy"
    unsynced_since_creation = {"health": {"status": "Healthy"}, "sync": {"status": "Synced"}}
    assert judged(unsynced_since_creation) == "Healthy"


@pytest.mark.parametrize(
    "waiting",
    [
        None,
        {"health": {"status": "Healthy"}},
        status(health="Healthy", sync="OutOfSync"),  # an object is missing, Argo CD >= 3.4
        status(health="Healthy", sync="Synced", phase="Running"),  # a hook still runs
        status(health="Missing", sync="OutOfSync"),
        status(health="Progressing", sync="Synced"),
        status(health="Unknown", sync="Unknown"),
    ],
)
def test_an_application_that_is_not_ready_delays_the_next_wave(
    waiting: dict[str, dict[str, str]] | None,
) -> None:
    assert judged(waiting) == "Progressing"


@pytest.mark.parametrize(("manager", "expected"), [("root", "Healthy"), ("other", "Progressing")])
def test_an_application_that_manages_itself_does_not_wait_for_its_own_sync(
    manager: str, expected: str
) -> None:
    annotation = f"{manager}:argoproj.io/Application:argocd/root"
    metadata = {
        "name": "root",
        "namespace": "argocd",
        "annotations": {"argocd.argoproj.io/tracking-id": annotation},
    }
    running = status(health="Healthy", sync="OutOfSync", phase="Running")
    found = health("argoproj.io_Application", {"metadata": metadata, "status": running})
    assert found == expected


def test_a_degraded_application_fails_the_wave() -> None:
    assert judged(status(health="Degraded", sync="Synced")) == "Degraded"


def autoscaler(*, reason: str, failing_for: float) -> str:
    """The health of one that can scale, and has been without metrics for these seconds."""
    conditions = [
        {"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale", "message": ""},
        {"type": "ScalingActive", "status": "False", "reason": reason, "message": ""},
        {
            "type": "ScalingLimited",
            "status": "False",
            "reason": "DesiredWithinRange",
            "message": "",
        },
    ]
    return health("autoscaling_HorizontalPodAutoscaler", since(failing_for, *conditions))


def since(seconds: float, *conditions: dict[str, str]) -> Manifest:
    """An object whose conditions changed so long ago."""
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)
    time = {"lastTransitionTime": then.strftime("%Y-%m-%dT%H:%M:%SZ")}
    return {"status": {"conditions": [condition | time for condition in conditions]}}


METRICS_MISSING = pytest.mark.parametrize(
    "reason",
    ["FailedGetResourceMetric", "FailedGetExternalMetric", "FailedComputeMetricsReplicas"],
)


@METRICS_MISSING
def test_an_autoscaler_without_metrics_in_its_first_minutes_does_not_fail_a_sync(
    reason: str,
) -> None:
    assert autoscaler(reason=reason, failing_for=0) == "Progressing"
    assert autoscaler(reason=reason, failing_for=GRACE_SECONDS - 30) == "Progressing"


@METRICS_MISSING
def test_an_autoscaler_that_stays_without_metrics_is_degraded(reason: str) -> None:
    assert autoscaler(reason=reason, failing_for=GRACE_SECONDS + 30) == "Degraded"


def test_an_autoscaler_that_scales_or_is_switched_off_is_healthy() -> None:
    assert autoscaler(reason="ScalingDisabled", failing_for=86_400) == "Healthy"
    active = {"type": "ScalingActive", "status": "True", "message": ""}
    able = {"type": "AbleToScale", "status": "True", "message": ""}
    kind = "autoscaling_HorizontalPodAutoscaler"
    assert health(kind, {"status": {"conditions": [able, active]}}) == "Healthy"


def test_an_autoscaler_that_has_read_no_metrics_yet_delays_the_next_wave() -> None:
    able = {"type": "AbleToScale", "status": "True", "message": ""}
    kind = "autoscaling_HorizontalPodAutoscaler"
    assert health(kind, {"status": {"conditions": [able]}}) == "Progressing"


def test_a_new_autoscaler_delays_the_next_wave() -> None:
    assert health("autoscaling_HorizontalPodAutoscaler", {}) == "Progressing"


def test_prometheus_may_take_minutes_to_start_and_is_degraded_afterwards() -> None:
    kind = "monitoring.coreos.com_Prometheus"
    # Before the first pod is ready, and while one of two is not.
    for status, reason in (("False", "NoPodReady"), ("Degraded", "SomePodsNotReady")):
        condition = {"type": "Available", "status": status, "reason": reason}
        assert health(kind, since(GRACE_SECONDS - 30, condition)) == "Progressing"
        assert health(kind, since(GRACE_SECONDS + 30, condition)) == "Degraded"
    reconciled = {"type": "Reconciled", "status": "True", "reason": ""}
    available = {"type": "Available", "status": "True", "reason": ""}
    assert health(kind, since(0, available, reconciled)) == "Healthy"
    assert health(kind, {}) == health(kind, since(0, reconciled)) == "Progressing"


def definition(*conditions: dict[str, str], **metadata: str) -> str:
    status = {"conditions": list(conditions)}
    kind = "apiextensions.k8s.io_CustomResourceDefinition"
    return health(kind, {"metadata": metadata, "status": status})


def test_a_definition_is_healthy_before_argo_cd_has_seen_that_it_is_served() -> None:
    # The sync waits for that itself; no event of a definition refreshes its Application.
    assert health("apiextensions.k8s.io_CustomResourceDefinition", {}) == "Healthy"
    assert definition() == "Healthy"
    installing = {"type": "Established", "status": "False", "reason": "Installing", "message": ""}
    assert definition({"type": "NamesAccepted", "status": "True"}, installing) == "Healthy"


def test_a_definition_that_the_api_refuses_is_degraded_and_a_deleted_one_is_not_ready() -> None:
    for type_, bad in (("NamesAccepted", "False"), ("NonStructuralSchema", "True")):
        assert definition({"type": type_, "status": bad, "message": ""}) == "Degraded"
    assert definition(deletionTimestamp="2026-11-28T07:00:00Z") == "Progressing"
