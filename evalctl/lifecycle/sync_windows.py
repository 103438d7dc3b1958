"""Whether the environment's sync windows forbid automatic syncs at a moment, as Argo CD decides it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from environments.rules import cron
from environments.spec import SyncWindow, SyncWindowKind

_FOLLOWED = timedelta(days=60)
_SECOND = timedelta(seconds=1)


def closed_until(windows: Sequence[SyncWindow], now: datetime) -> datetime | None:
    """When the windows next let Argo CD sync by itself, in the first window's time zone; None if they let it now.

    A window that denies wins. If any allows, one of these must be open (Argo CD, "Sync Windows"). `now` has a
    time zone. Windows that never open are followed for two months.
    """
    start = moment = now.astimezone(UTC)  # Python compares times of one zone without their offsets
    while moment < start + _FOLLOWED and (later := _next_change(windows, moment)) is not None:
        moment = later
    return None if moment == start else moment.astimezone(ZoneInfo(windows[0].time_zone))


def _next_change(windows: Sequence[SyncWindow], now: datetime) -> datetime | None:
    """When what forbids a sync at the moment may have changed; None if nothing forbids it."""
    ends = {window: _end(window, now) for window in windows}
    denied = [end for window, end in ends.items() if window.kind is SyncWindowKind.DENY and end]
    if denied:
        return max(denied)
    allowing = [window for window in windows if window.kind is SyncWindowKind.ALLOW]
    if not allowing or any(ends[window] for window in allowing):
        return None
    return min(_start(window, now) for window in allowing)


def _start(window: SyncWindow, now: datetime) -> datetime:
    """When the window opens next."""
    return _moment(window, next(_starts(window, _local(window, now))), after=now)


def _end(window: SyncWindow, now: datetime) -> datetime | None:
    """When the window ends that is open now; None if it is not open."""
    local = _local(window, now)
    last = next(_starts(window, local.replace(microsecond=0) + _SECOND, backwards=True))
    end = last + timedelta(hours=window.duration_hours)
    return _moment(window, end, after=now) if end > local else None


def _local(window: SyncWindow, now: datetime) -> datetime:
    """The time on the window's clock, in which Argo CD counts hours, also over a change of daylight saving time.

    It adds the time zone's offset of now to UTC, and does the rest in UTC (3.5, `scheduleOffsetByTimeZone`).
    """
    return now.astimezone(ZoneInfo(window.time_zone)).replace(tzinfo=None)


def _moment(window: SyncWindow, local: datetime, *, after: datetime) -> datetime:
    """When the window's clock shows this time: the second time that it does, if the first is over."""
    first, second = (
        local.replace(tzinfo=ZoneInfo(window.time_zone), fold=fold).astimezone(UTC)
        for fold in (0, 1)
    )
    return first if first > after else second


def _starts(window: SyncWindow, local: datetime, *, backwards: bool = False) -> Iterator[datetime]:
    """The starts after a time, or before it. CronSim reads some texts otherwise than Argo CD, but not lists."""
    schedule = cron.parsed(window.schedule)
    days, weekdays = _list(schedule.days), _list(schedule.weekdays)
    if not schedule.either_day:  # a star means for CronSim that both must fit
        days, weekdays = (days, "*") if len(schedule.weekdays) == 7 else ("*", weekdays)
    fields = (
        _list(schedule.minutes),
        _list(schedule.hours),
        days,
        _list(schedule.months),
        weekdays,
    )
    return CronSim(" ".join(fields), local, reverse=backwards)


def _list(numbers: Iterable[int]) -> str:
    return ",".join(map(str, sorted(numbers)))
