"""When sync windows let Argo CD sync."""

from datetime import UTC, datetime, timedelta

import pytest

from environments.prod import PROD
from environments.spec import SyncWindow, SyncWindowKind
from evalctl.lifecycle.sync_windows import closed_until

FRIDAY = datetime(2026, 11, 27, tzinfo=UTC)
BERLIN = timedelta(hours=1)  # its offset in winter
NIGHTS = SyncWindow(
    kind=SyncWindowKind.ALLOW, schedule="0 2 * * *", duration_hours=3, time_zone="Etc/UTC"
)


def at(hours: float) -> datetime:
    """Hours after the start of a Friday, in UTC."""
    return FRIDAY + timedelta(hours=hours)


def test_without_windows_argocd_syncs_at_any_time() -> None:
    assert closed_until((), FRIDAY) is None


@pytest.mark.parametrize("hours", [14, 15, 24, 48, 77.9])
def test_prods_window_is_closed_from_friday_afternoon_to_monday_morning(hours: float) -> None:
    assert closed_until(PROD.sync_windows, at(hours)) == at(15 + 64) - BERLIN


@pytest.mark.parametrize("hours", [0, 13.9, 78, 100])
def test_prods_window_is_open_on_other_days(hours: float) -> None:
    assert closed_until(PROD.sync_windows, at(hours)) is None


@pytest.mark.parametrize(("hours", "opens"), [(0, 2), (1.9, 2), (2, None), (4.9, None), (5, 26)])
def test_a_window_that_allows_forbids_all_other_times(hours: float, opens: int | None) -> None:
    assert closed_until((NIGHTS,), at(hours)) == (None if opens is None else at(opens))


def test_a_window_that_denies_wins_and_the_next_one_that_allows_opens() -> None:
    until = closed_until((*PROD.sync_windows, NIGHTS), at(20))
    assert until == at(4 * 24 + 2)  # after Monday morning the next night is Tuesday's


def test_windows_that_never_open_are_followed_for_two_months() -> None:
    always = SyncWindow(
        kind=SyncWindowKind.DENY, schedule="0 0 * * *", duration_hours=168, time_zone="Etc/UTC"
    )
    until = closed_until((always,), FRIDAY)
    assert until is not None
    assert timedelta(days=60) <= until - FRIDAY <= timedelta(days=68)
