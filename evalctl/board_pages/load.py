"""The load of the synthetic platform over time."""

import math
from dataclasses import dataclass

from environments.spec import Environment
from evalctl.board_pages.series import DAY, HOUR, Curve, History

_WORKERS_AT_NIGHT = 2


def load(time: float) -> float:
    """Between 0 and 1: low at night and at weekends."""
    hour = time % DAY / HOUR
    working = max(0.0, math.sin((hour - 6) / 14 * math.pi))
    weekend = time // DAY % 7 in (2, 3)  # 1 January 1970 was a Thursday
    return 0.08 + working * (0.15 if weekend else 0.85)


def at_load(peak: float) -> Curve:
    """A rate per second that follows the load, with this peak."""
    return lambda time: peak * load(time)


def day(time: float) -> float:
    """From 0 to 1 over each day: usage that grows by day and is cleaned up at night."""
    return time % DAY / DAY


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The queue and its workers."""

    env: Environment
    history: History

    def waiting(self, time: float) -> float:
        """A few jobs, and one afternoon more than the queue's critical threshold."""
        spike = math.exp(-(((self.history.end - 4 * HOUR - time) / (25 * 60)) ** 2))
        return math.floor(60 * load(time) * (1 + _noise(time)) + 1_350 * spike)

    def workers(self, time: float) -> float:
        max_replicas = self.env.worker.max_replicas
        needed = _WORKERS_AT_NIGHT + max_replicas * 0.6 * load(time) + self.waiting(time) / 80
        return min(max_replicas, math.ceil(needed))


def _noise(time: float) -> float:
    """Between -0.5 and 0.5, and the same for the same time."""
    return math.sin(time / 67) * 0.4 + math.sin(time / 431) * 0.1
