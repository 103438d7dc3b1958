"""How busy the invented platform is, and when."""

import math
from dataclasses import dataclass

from environments.spec import Environment
from evalctl.board_pages.series import DAY, HOUR, Curve, History

_WORKERS_AT_NIGHT = 2


def load(time: float) -> float:
    """Between 0 and 1: little at night and at weekends."""
    hour = time % DAY / HOUR
    working = max(0.0, math.sin((hour - 6) / 14 * math.pi))
    weekend = time // DAY % 7 in (2, 3)  # 1 January 1970 was a Thursday
    return 0.08 + working * (0.15 if weekend else 0.85)


def at_load(peak: float) -> Curve:
    """What happens so often in a second, at full load."""
    return lambda time: peak * load(time)


def day(time: float) -> float:
    """0 in the morning, 1 in the evening: what fills up by day and is cleaned up at night."""
    return time % DAY / DAY


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The queue and who empties it."""

    env: Environment
    history: History

    def waiting(self, time: float) -> float:
        """A few jobs at work, and one afternoon more than the brief's limit."""
        flood = math.exp(-(((self.history.end - 4 * HOUR - time) / (25 * 60)) ** 2))
        return math.floor(60 * load(time) * (1 + _noise(time)) + 1_350 * flood)

    def workers(self, time: float) -> float:
        most = self.env.worker.max_replicas
        wanted = _WORKERS_AT_NIGHT + most * 0.6 * load(time) + self.waiting(time) / 80
        return min(most, math.ceil(wanted))


def _noise(time: float) -> float:
    """Between -0.5 and 0.5, and the same for the same time."""
    return math.sin(time / 67) * 0.4 + math.sin(time / 431) * 0.1
