"""Whether the environment's sync windows forbid automatic syncs at a moment, as Argo CD decides it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from environments.spec import SyncWindow, SyncWindowKind

_FOLLOWED = timedelta(days=60)


def closed_until(windows: Sequence[SyncWindow], now: datetime) -> datetime | None:
    """When the windows next let Argo CD sync by itself; None if they let it now.

    A window that denies wins. If any allows, one of these must be open (Argo CD, "Sync Windows"). `now` has a
    time zone. Windows that never open are followed for two months.
    """
    moment = now
    while moment < now + _FOLLOWED and (later := _next_change(windows, moment)) is not None:
        moment = later
    return None if moment == now else moment


def _next_change(windows: Sequence[SyncWindow], now: datetime) -> datetime | None:
    """When what forbids a sync at the moment may have changed; None if nothing forbids it."""
    ends = {window: _end(window, now) for window in windows}
    denied = [end for window, end in ends.items() if window.kind is SyncWindowKind.DENY and end]
    if denied:
        return max(denied)
    allowing = [window for window in windows if window.kind is SyncWindowKind.ALLOW]
    if not allowing or any(ends[window] for window in allowing):
        return None
    return min(next(_starts(window, now)) for window in allowing)


def _end(window: SyncWindow, now: datetime) -> datetime | None:
    """When the window ends that is open now; None if it is not open."""
    duration = timedelta(hours=window.duration_hours)
    start = next(_starts(window, now - duration))
    return start + duration if start <= now else None


def _starts(window: SyncWindow, after: datetime) -> Iterator[datetime]:
    return CronSim(window.schedule.replace("?", "*"), after.astimezone(ZoneInfo(window.time_zone)))
