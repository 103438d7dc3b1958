"""The add-ons' controllers, and the times at which Argo CD may sync."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environments.rules import cron
from environments.rules.values import repeated
from environments.spec import Environment, Tier


def problems(env: Environment) -> Iterator[str]:
    if env.controller_replicas < 1:
        yield f"controller_replicas: {env.controller_replicas}; use at least 1"
    elif env.controller_replicas < 2 and env.tier is Tier.PRODUCTION:
        yield "controller_replicas: 1 in production; use 2, so that the loss of a node stops no controller"

    # Argo CD distinguishes windows by these three only (argoproj/argo-cd, AppProject.ValidateProject), and refuses the
    # project otherwise.
    same = repeated(f"{w.kind} {w.schedule!r} {w.duration_hours} h" for w in env.sync_windows)
    for twice in same:
        yield f"sync_windows: {twice} is listed twice, and Argo CD refuses both, in any time zone; list it once"
    for window in env.sync_windows:
        if (problem := cron.problem(window.schedule)) is not None:
            yield (
                f"sync_windows: {window.schedule!r} is not a schedule of five cron fields that Argo CD reads: "
                f"{problem}; write it as in '0 15 * * 5', Friday at 15:00"
            )
        if not 1 <= window.duration_hours <= 7 * 24:
            yield (
                f"sync_windows: {window.duration_hours} hours from {window.schedule!r}; use 1 to 168, a "
                "week"
            )
        try:
            ZoneInfo(window.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder, or too long
            yield (
                f"sync_windows: {window.time_zone!r} is not a time zone; write it as in 'Europe/Berlin'"
            )
