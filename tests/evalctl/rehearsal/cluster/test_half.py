"""The order of the cluster half, with stand-ins for the cluster and its checks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from inspect import iscoroutinefunction
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from environments.dev import DEV
from environments.prod import PROD
from environments.spec import Environment, SyncWindow
from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster import half, teardown
from evalctl.rehearsal.cluster.applications import NotSettledError, Watched
from evalctl.rehearsal.cluster.checks import first_sync
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.control_plane import Address
from evalctl.rehearsal.cluster.half import Setup, rehearse_cluster
from evalctl.rehearsal.cluster.programs import Programs
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.emulator import EmulatedAws
from evalctl.servers import NotStartedError

FIRST_SYNC = ["day_one.bootstrap", "day_one.first_sync", "first_sync.check"]
TEARDOWN = ["teardown.check"]
REFUSED = ["teardown.refused", "teardown.lift_protection", *TEARDOWN]
CHANGES = [
    "scaling.burst",
    "capacity.rollouts_on_general",
    "capacity.at_the_maximum",
    "capacity.rollouts_on_workers",
    "disruption.one_of_each_group",
]
LOSSES = [
    "losses.without_a_general_node",
    "losses.without_the_largest_spot_zone",
    "losses.spot_reclaim",
    "disruption.update",
]
READ_ONLY = {
    *("running.pods", "admission.check", "first_sync.flapping", "monitoring.check"),
    "go_live.check",
}
MODULES = (
    *("admission", "capacity", "disruption", "first_sync", "monitoring", "running", "scaling"),
    *("secret_checks", "windows", "day_one", "teardown", "go_live"),
)


@dataclass(frozen=True, kw_only=True)
class Stand:
    """Stands for a cluster."""

    env: Environment


@dataclass
class Rehearsed:
    """What happened, in its order."""

    calls: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faster: int = 0
    fails: dict[str, Exception] = field(default_factory=dict)

    def step(self, what: str, seconds: float) -> None:
        pass

    def note(self, line: str) -> None:
        self.notes.append(line)

    def result(self, found: Result) -> None:
        self.results.append(found)

    def called(self, name: str) -> Result:
        self.calls.append(name)
        if name in self.fails:
            raise self.fails[name]
        return result(name, [], "fine")


@pytest.fixture
def rehearsed(monkeypatch: pytest.MonkeyPatch) -> Rehearsed:
    found = Rehearsed()

    values: dict[str, Callable[[Result], object]] = {
        "day_one.first_sync": lambda _: Watched(),
        "monitoring.check": lambda each: [each],
    }

    def stand_in(name: str) -> Callable[..., Awaitable[object]]:
        async def called(*_: object, **__: object) -> object:
            outcome = found.called(name)
            return values[name](outcome) if name in values else outcome

        return called

    for module_name in MODULES:
        module = cast(ModuleType, getattr(half, module_name))
        for function, value in vars(module).copy().items():
            if iscoroutinefunction(value) and not function.startswith("_"):
                monkeypatch.setattr(module, function, stand_in(f"{module_name}.{function}"))

    @asynccontextmanager
    async def rehearsed_cluster(
        env: Environment, *, faster: int, **_: object
    ) -> AsyncIterator[Cluster]:
        found.faster = faster
        yield cast(Cluster, Stand(env=env))
        found.calls.append("end")

    monkeypatch.setattr(half, "rehearsed_cluster", rehearsed_cluster)
    full = [
        stand_in(f"{check.__module__.rpartition('.')[2]}.{check.__name__}") for check in half.FULL
    ]
    monkeypatch.setattr(half, "FULL", tuple(full))
    monkeypatch.setattr(half, "stood_in", lambda _: ["nodes: by evalctl"])
    monkeypatch.setattr(half, "fill_secrets", lambda _: "secrets: random")
    monkeypatch.setattr(first_sync, "check", lambda *_, **__: [found.called("first_sync.check")])
    monkeypatch.setattr(
        teardown, "lift_protection", lambda _: found.called("teardown.lift_protection")
    )
    return found


def rehearse(
    found: Rehearsed,
    env: Environment,
    *,
    full: bool = False,
    kept: Callable[[Cluster], Awaitable[None]] | None = None,
) -> None:
    setup = Setup(
        env=env,
        checkout=Path("/nowhere"),
        programs=cast(Programs, None),
        folder=Path("/nowhere"),
        address=cast(Address, None),
        full=full,
    )
    asyncio.run(rehearse_cluster(setup, aws=cast(EmulatedAws, None), events=found, kept=kept))


def test_dev_is_read_first_then_changed_then_torn_down(rehearsed: Rehearsed) -> None:
    rehearse(rehearsed, DEV)
    calls = rehearsed.calls
    changes = calls.index(CHANGES[0])
    assert calls[:3] == FIRST_SYNC
    assert set(calls[3:changes]) >= READ_ONLY
    assert calls[changes:] == [*CHANGES, *TEARDOWN, "end"]
    assert rehearsed.notes == ["nodes: by evalctl", "secrets: random"]
    assert rehearsed.faster == 5


def test_a_protected_environment_refuses_before_it_is_torn_down(rehearsed: Rehearsed) -> None:
    rehearse(rehearsed, PROD)
    assert rehearsed.calls[-len(REFUSED) - 1 :] == [*REFUSED, "end"]


@pytest.mark.parametrize(
    "check",
    ["running.pods", "monitoring.check", "first_sync.flapping", "scaling.burst"],
)
@pytest.mark.parametrize(
    "error", [CommandFailedError(("kubectl",), "no answer"), NotStartedError("port in use")]
)
def test_a_check_that_cannot_end_has_failed_and_the_others_and_the_teardown_run(
    rehearsed: Rehearsed, check: str, error: Exception
) -> None:
    rehearse(rehearsed, DEV)
    all_calls = sorted(rehearsed.calls)
    rehearsed.calls.clear()
    rehearsed.results.clear()
    rehearsed.fails[check] = error
    rehearse(rehearsed, DEV)
    assert sorted(rehearsed.calls) == all_calls
    (failed,) = (found for found in rehearsed.results if not found.passed)
    assert str(error) in failed.evidence


@pytest.mark.parametrize("windows", [PROD.sync_windows, ()])
def test_windows_are_tried_where_there_are_any(
    rehearsed: Rehearsed, windows: tuple[SyncWindow, ...]
) -> None:
    rehearse(rehearsed, replace(PROD, sync_windows=windows))
    assert ("windows.check" in rehearsed.calls) is bool(windows)


def test_full_tries_a_first_day_in_closed_windows_after_the_teardown(rehearsed: Rehearsed) -> None:
    rehearse(rehearsed, PROD, full=True)
    first_day = rehearsed.calls.index("windows.first_day")
    assert rehearsed.calls[first_day - 1 : first_day + 3] == [
        *TEARDOWN,
        "windows.first_day",
        "teardown.lift_protection",
        *TEARDOWN,
    ]


def test_full_adds_what_is_lost_and_leaves_the_autoscaler_as_it_is(rehearsed: Rehearsed) -> None:
    rehearse(rehearsed, DEV, full=True)
    changes = [*CHANGES[:-1], "disruption.each_node"]
    assert [call for call in rehearsed.calls if call in {*changes, *LOSSES}] == [*changes, *LOSSES]
    ends = ["teardown.stopped_halfway", *TEARDOWN, "teardown.in_the_first_sync", "end"]
    assert rehearsed.calls[-len(ends) :] == ends
    assert rehearsed.faster == 1


@pytest.mark.parametrize(
    ("step", "error", "failed"),
    [
        (
            "day_one.bootstrap",
            CommandFailedError(("evalctl", "bootstrap"), "no nodes"),
            ("evalctl bootstrap", "no nodes"),
        ),
        (
            "day_one.first_sync",
            NotSettledError("api is OutOfSync\nworker is missing"),
            ("the first sync comes through", "api is OutOfSync\nworker is missing"),
        ),
    ],
)
def test_without_a_first_sync_only_the_teardown_is_tried(
    rehearsed: Rehearsed, step: str, error: Exception, failed: tuple[str, str]
) -> None:
    rehearsed.fails[step] = error
    rehearse(rehearsed, DEV)
    assert rehearsed.calls == [*FIRST_SYNC[: FIRST_SYNC.index(step) + 1], *TEARDOWN, "end"]
    assert [(each.check, each.evidence) for each in rehearsed.results if not each.passed] == [
        failed
    ]


def test_the_cluster_is_kept_before_its_teardown_also_after_a_failure(rehearsed: Rehearsed) -> None:
    async def kept(_: Cluster) -> None:
        rehearsed.calls.append("kept")

    rehearsed.fails["day_one.first_sync"] = NotSettledError("api is OutOfSync")
    rehearse(rehearsed, DEV, kept=kept)
    assert rehearsed.calls == [*FIRST_SYNC[:2], "kept", *TEARDOWN, "end"]
