"""Argo CD's health check of an Application, run with a real Lua interpreter."""

import pytest

from argocd.settings import CONFIG

lupa = pytest.importorskip("lupa", reason="lupa, which runs Lua, is not installed")


def judged(status: dict[str, dict[str, str]] | None) -> str:
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    judge = lua.eval(
        "function(obj) " + CONFIG["resource.customizations.health.argoproj.io_Application"] + " end"
    )
    obj = {} if status is None else {"status": status}
    return str(judge(lua.table_from(obj, recursive=True))["status"])


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


def test_a_degraded_application_fails_the_wave() -> None:
    assert judged(status(health="Degraded", sync="Synced")) == "Degraded"
