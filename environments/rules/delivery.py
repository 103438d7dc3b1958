"""What Argo CD installs beside our apps, and when it may sync."""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environments import catalog
from environments.spec import Environment, Tier

_ADD_A_SET = "add a set that does to environments/catalog.py, and move to it before the upgrade"

# Minute, hour, day of the month, month, day of the week, as the cron parser of Argo CD takes them.
_CRON_FIELD = re.compile(r"(\*|\d+(-\d+)?)(/\d+)?(,(\*|\d+(-\d+)?)(/\d+)?)*")

_CRON_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


def problems(env: Environment) -> Iterator[str]:
    yield from _addons(env)
    yield from _sync_windows(env)


def _addons(env: Environment) -> Iterator[str]:
    version = env.cluster.kubernetes_version
    chosen = catalog.ADDON_SETS.get(env.addon_set)
    if chosen is None:
        yield (
            f"addon_set: {env.addon_set!r} is unknown; use one of {', '.join(catalog.ADDON_SETS)}, or "
            "add it to environments/catalog.py"
        )
    elif version not in chosen.kubernetes_versions:
        fitting = [n for n, s in catalog.ADDON_SETS.items() if version in s.kubernetes_versions]
        yield (
            f"addon_set: {env.addon_set!r} runs on Kubernetes {', '.join(chosen.kubernetes_versions)}, "
            f"not on {version}; " + (f"use {' or '.join(fitting)}" if fitting else _ADD_A_SET)
        )
    if env.controller_replicas < 1:
        yield f"controller_replicas: {env.controller_replicas}; use at least 1"
    elif env.controller_replicas < 2 and env.tier is Tier.PRODUCTION:
        yield "controller_replicas: 1 in production; use 2, so that a node's loss stops nothing"


def _sync_windows(env: Environment) -> Iterator[str]:
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
