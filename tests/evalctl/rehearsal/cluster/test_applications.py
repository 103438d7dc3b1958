"""Reading Applications, and keeping what happened to them."""

from evalctl.rehearsal.cluster.applications import Watched, state_of
from evalctl.rehearsal.cluster.checks import first_sync


def application(name: str, *, wave: int = 0, **status: object) -> dict[str, object]:
    return {
        "metadata": {"name": name, "annotations": {"argocd.argoproj.io/sync-wave": str(wave)}},
        "spec": {"source": {"path": "rendered"}},
        "status": status,
    }


def ready(name: str, *, wave: int = 0, retries: int = 0) -> dict[str, object]:
    return application(
        name,
        wave=wave,
        sync={"status": "Synced", "revision": "abc"},
        health={"status": "Healthy"},
        operationState={"phase": "Succeeded", "retryCount": retries, "message": "synced"},
    )


def watched(*rounds: list[dict[str, object]]) -> Watched:
    noted = Watched()
    for moment in rounds:
        states = [state_of(each) for each in moment]
        noted.add({state.name: state for state in states})
    return noted


def test_an_application_without_a_status_is_not_settled() -> None:
    assert not state_of(application("new")).settled


def test_an_application_is_settled_when_its_operation_succeeded_too() -> None:
    assert state_of(ready("app")).settled
    running = application(
        "app",
        sync={"status": "Synced"},
        health={"status": "Healthy"},
        operationState={"phase": "Running"},
    )
    assert not state_of(running).settled


def test_an_attempt_that_failed_once_is_kept_after_a_later_success() -> None:
    failed = application("app", operationState={"phase": "Failed", "message": "no such kind"})
    noted = watched([failed], [ready("app")])
    (_, attempts, _) = first_sync.check(noted, limit_seconds=300)
    assert not attempts.passed
    assert attempts.evidence == "app: no such kind"


def test_a_retry_counts_as_a_failed_attempt() -> None:
    (_, attempts, _) = first_sync.check(watched([ready("app", retries=1)]), limit_seconds=300)
    assert not attempts.passed


def test_an_application_that_is_ready_before_an_earlier_wave_is_named() -> None:
    noted = watched([ready("late", wave=2)], [ready("late", wave=2), ready("early", wave=1)])
    noted.settled_after["late"] = noted.settled_after["early"] - 1
    (order, _, _) = first_sync.check(noted, limit_seconds=300)
    assert order.evidence == "late of wave 2 was ready before early of wave 1"


def test_a_first_sync_over_its_limit_fails_with_its_longest_waves() -> None:
    noted = watched([ready("app")])
    noted.settled_after["app"] = 301
    (_, _, time) = first_sync.check(noted, limit_seconds=300)
    assert not time.passed
    assert time.evidence == "it took 301 s; longest wave 0 with 301 s"
