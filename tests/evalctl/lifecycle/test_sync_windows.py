"""When sync windows let Argo CD sync."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from environments.prod import PROD
from environments.rules import cron
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


def window(
    schedule: str, *, hours: int, zone: str = "Etc/UTC", kind: SyncWindowKind = SyncWindowKind.ALLOW
) -> SyncWindow:
    return SyncWindow(kind=kind, schedule=schedule, duration_hours=hours, time_zone=zone)


@pytest.mark.parametrize(
    ("schedule", "days"),
    [
        ("0 0 * * 1/6", 3),  # Monday, up to Saturday: Sunday is 0 only
        ("0 0 * * 0-0/3", 2),  # Sunday: a range ends where it ends
        ("0 0 30 * */2", 1),  # a step restricts the weekday: Saturday, before the 30th
        ("0 0 30 * 1,?", 3),  # a star in a list does not: the 30th
    ],
)
def test_a_schedule_starts_when_argocd_reads_it_so(schedule: str, days: int) -> None:
    assert closed_until((window(schedule, hours=1),), at(2)) == at(24 * days)


@pytest.mark.parametrize(
    ("day", "offset"),
    [(28, 2), (24, 1)],  # the weekends of March and October 2026 on which Berlin's clocks change
)
def test_a_window_over_a_change_of_the_clocks_ends_at_its_time_of_the_day(
    day: int, offset: int
) -> None:
    month = 3 if day == 28 else 10
    saturday, monday = datetime(2026, month, day, tzinfo=UTC), timedelta(days=2, hours=7 - offset)
    assert closed_until(PROD.sync_windows, saturday) == saturday + monday


def test_in_the_hour_that_comes_twice_a_window_ends_at_the_second_time_too() -> None:
    deny = window("0 2 * * *", hours=1, zone="Europe/Berlin", kind=SyncWindowKind.DENY)
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 again
    assert closed_until((deny,), second) == datetime(2026, 10, 25, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Field:
    """A field of a schedule as somebody may write it, and what Argo CD's parser makes of it (robfig/cron)."""

    text: str
    values: frozenset[int]
    any: bool


NAMES = {
    4: ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    5: ("SUN", "Mon", "tue", "wed", "thu", "fri", "sat"),
}
BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


@some.composite
def parts(draw: some.DrawFn, *, number: int) -> Field:
    least, most = BOUNDS[number - 1]
    step = draw(some.none() | some.integers(1, most + 2))
    ending = "" if step is None else f"/{step}"
    kind = draw(some.sampled_from(["star", "one", "range"]))
    if kind == "star":
        text, first, last = draw(some.sampled_from("*?")), least, most
    else:
        first = draw(some.integers(least, most))
        last = draw(some.integers(first, most)) if kind == "range" else first
        texts = [
            NAMES[number][each - least] if number in NAMES and draw(some.booleans()) else str(each)
            for each in (first, last)
        ]
        text = "-".join(texts) if kind == "range" else texts[0]
        if kind == "one" and step is not None:
            last = most
    values = frozenset(range(first, last + 1, step or 1))
    return Field(text + ending, values, kind == "star" and step in (None, 1))


@some.composite
def fields(draw: some.DrawFn, *, number: int) -> Field:
    all_parts = draw(some.lists(parts(number=number), min_size=1, max_size=3))
    return Field(
        ",".join(part.text for part in all_parts),
        frozenset().union(*(part.values for part in all_parts)),
        any(part.any for part in all_parts),
    )


@dataclass(frozen=True)
class Written:
    """A window, and the fields of its schedule."""

    window: SyncWindow
    fields: Sequence[Field]

    def is_open(self, now: datetime) -> bool:
        """As Argo CD decides it: whether a start is less than the duration ago, on the window's clock."""
        local = now.astimezone(ZoneInfo(self.window.time_zone)).replace(tzinfo=None, second=0)
        ago = (timedelta(minutes=each) for each in range(self.window.duration_hours * 60))
        return any(self._starts(local - each) for each in ago)

    def _starts(self, minute: datetime) -> bool:
        minutes, hours, days, months, weekdays = self.fields
        day, weekday = minute.day in days.values, minute.isoweekday() % 7 in weekdays.values
        return (
            minute.minute in minutes.values
            and minute.hour in hours.values
            and minute.month in months.values
            and ((day and weekday) if days.any or weekdays.any else (day or weekday))
        )


@some.composite
def written(draw: some.DrawFn) -> Written:
    five = [draw(fields(number=number)) for number in range(1, 6)]
    return Written(
        window(
            " ".join(field.text for field in five),
            hours=draw(some.integers(1, 30)),
            zone=draw(some.sampled_from(["Etc/UTC", "Europe/Berlin", "Africa/Cairo"])),
            kind=draw(some.sampled_from(SyncWindowKind)),
        ),
        five,
    )


def allowed(windows: Sequence[Written], now: datetime) -> bool:
    states = [(each.window.kind, each.is_open(now)) for each in windows]
    allowing = [opened for kind, opened in states if kind is SyncWindowKind.ALLOW]
    return (SyncWindowKind.DENY, True) not in states and (not allowing or any(allowing))


# Around changes of the clocks, and far from them.
MOMENTS = some.datetimes(datetime(2026, 3, 20), datetime(2026, 4, 30)) | some.datetimes(
    datetime(2026, 10, 20), datetime(2028, 3, 1)
)


@settings(max_examples=100, deadline=None)
@given(
    windows=some.lists(written(), min_size=1, max_size=2), moment=MOMENTS, part=some.floats(0, 1)
)
def test_every_accepted_schedule_is_followed_as_argocd_follows_it(
    windows: list[Written], moment: datetime, part: float
) -> None:
    assume(not any(cron.problem(each.window.schedule) for each in windows))
    now = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    until = closed_until([each.window for each in windows], now)
    assert (until is None) == allowed(windows, now)
    if until is not None:
        minutes = int((until - now) / timedelta(minutes=1))
        assert not allowed(windows, now + timedelta(minutes=int(part * (minutes - 1))))
        assert not allowed(windows, now + timedelta(minutes=minutes - 1))
        assert until - now >= timedelta(days=60) or allowed(windows, until)


@given(five=some.tuples(*(fields(number=number) for number in range(1, 6))))
def test_a_schedule_is_refused_only_if_it_never_starts(five: tuple[Field, ...]) -> None:
    problem = cron.problem(" ".join(field.text for field in five))
    _, _, days, months, weekdays = five
    longest = max(
        31 if month in (1, 3, 5, 7, 8, 10, 12) else 30 - (month == 2) for month in months.values
    )
    never = weekdays.any and min(days.values) > longest
    assert (problem is not None) == never, problem
