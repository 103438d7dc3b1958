"""The add-ons' controllers, and the times at which Argo CD may sync."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environments.spec import Environment, Tier

# Minute, hour, day of the month, month, day of the week, as Argo CD's cron parser reads them.
_CRON_FIELD = re.compile(r"(\*|\d+(-\d+)?)(/\d+)?(,(\*|\d+(-\d+)?)(/\d+)?)*")

_CRON_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def problems(env: Environment) -> Iterator[str]:
    if env.controller_replicas < 1:
        yield f"controller_replicas: {env.controller_replicas}; use at least 1"
    elif env.controller_replicas < 2 and env.tier is Tier.PRODUCTION:
        yield "controller_replicas: 1 in production; use 2, so that the loss of a node stops no controller"

    for window in env.sync_windows:
        fields = window.schedule.split()
        if len(fields) != len(_CRON_BOUNDS) or not all(
            _CRON_FIELD.fullmatch(field)
            and all(least <= int(number) <= most for number in re.findall(r"(?<!/)\b\d+", field))
            for field, (least, most) in zip(fields, _CRON_BOUNDS, strict=True)
        ):
            yield (
                f"sync_windows: {window.schedule!r} is not a schedule of five cron fields; write it as "
                "in '0 15 * * 5', Friday at 15:00"
            )
        if not 1 <= window.duration_hours <= 7 * 24:
            yield (
                f"sync_windows: {window.duration_hours} hours from {window.schedule!r}; use 1 to 168, a "
                "week"
            )
        try:
            ZoneInfo(window.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            yield (
                f"sync_windows: {window.time_zone!r} is not a time zone; write it as in 'Europe/Berlin'"
            )
