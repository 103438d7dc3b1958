"""The HorizontalPodAutoscaler's documented algorithm: from metrics to the number of workers.

Source: Kubernetes, "Horizontal Pod Autoscaling" (algorithm details, configurable scaling behavior), and where it is
silent the controller itself (pkg/controller/podautoscaler: horizontal.go, replica_calculator.go). The tests have the
documentation's examples and a trace of the real controller.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from evalctl.simulation.autoscaler_spec import AutoscalerSpec, Direction

# The controller manager's defaults; EKS does not let anybody change them.
SYNC_SECONDS = 15
TOLERANCE = 0.1
# A pod younger than this counts for CPU only if it is ready, and was when its use was measured.
CPU_INITIALIZATION_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What the controller reads at one moment."""

    replicas: int  # pods that exist
    waiting_jobs: int | None = None  # None: the metric cannot be read
    cpu_percent: Sequence[float] = ()  # of its request, of each pod that is ready and measured
    unready: int = 0  # pods that are not ready yet


@dataclass
class Autoscaler:
    """The controller's decisions, one after the other."""

    spec: AutoscalerSpec
    _recommendations: list[tuple[float, int]] = field(default_factory=list)
    _changes: list[tuple[float, int]] = field(default_factory=list)  # seconds, pods more or less

    def decide(self, now: float, observed: Observed) -> int:
        """How many pods there should be from `now`, in seconds, on."""
        current = observed.replicas
        if current > self.spec.max_replicas:
            wanted = self.spec.max_replicas
        elif current < self.spec.min_replicas:
            wanted = self.spec.min_replicas
        else:
            wanted = self._limited(now, current, self._stabilized(now, observed))
        if wanted != current:
            self._changes.append((now, wanted - current))
        return wanted

    def recommended(self, observed: Observed) -> int:
        """By the metrics alone: the larger, and no fewer than now if one of them cannot be read."""
        current, spec = observed.replicas, self.spec
        found: list[int] = []
        unread = False
        if spec.unfinished_jobs_per_replica is not None:
            if observed.waiting_jobs is None:
                unread = True
            else:
                target = spec.unfinished_jobs_per_replica
                found.append(by_average_value(current, observed.waiting_jobs, target))
        if spec.cpu_percent is not None:
            if observed.cpu_percent:
                found.append(
                    by_utilization(
                        current, observed.cpu_percent, spec.cpu_percent, observed.unready
                    )
                )
            else:
                unread = True
        largest = max(found, default=current)
        return max(largest, current) if unread else largest

    def _stabilized(self, now: float, observed: Observed) -> int:
        """Up: the least of the window's recommendations. Down: the most."""
        current, recommendation = observed.replicas, self.recommended(observed)
        if not self._recommendations:
            self._recommendations.append((now, current))
        up = self._since(now, self.spec.up.window_seconds)
        down = self._since(now, self.spec.down.window_seconds)
        least, most = min([recommendation, *up]), max([recommendation, *down])
        self._recommendations.append((now, recommendation))
        longest = max(self.spec.up.window_seconds, self.spec.down.window_seconds)
        self._recommendations = [kept for kept in self._recommendations if now - kept[0] <= longest]
        return min(max(current, least), most)

    def _since(self, now: float, seconds: float) -> list[int]:
        return [count for time, count in self._recommendations if time > now - seconds]

    def _limited(self, now: float, current: int, wanted: int) -> int:
        if wanted > current:
            limit = max(self._limits(now, current, self.spec.up, up=True))
            return min(wanted, max(limit, current), self.spec.max_replicas)
        if wanted < current:
            limit = min(self._limits(now, current, self.spec.down, up=False))
            return max(wanted, min(limit, current), self.spec.min_replicas)
        return current

    def _limits(self, now: float, current: int, direction: Direction, *, up: bool) -> Iterable[int]:
        """What each policy allows, from the number of pods at the start of its period."""
        sign = 1 if up else -1
        for policy in direction.policies:
            changed = sum(
                pods for time, pods in self._changes if time > now - policy.period_seconds
            )
            start = current - changed
            if policy.type == "Pods":
                yield start + sign * policy.value
            elif up:
                yield math.ceil(start * (1 + policy.value / 100))
            else:
                yield int(start * (1 - policy.value / 100))


def by_average_value(current: int, total: int, target: int) -> int:
    """For an external metric whose target is an average over all pods, ready or not."""
    if abs(1 - total / (target * current)) <= TOLERANCE:
        return current
    return math.ceil(total / target)


def by_utilization(current: int, percent: Sequence[float], target: int, unready: int) -> int:
    """For CPU: of ready pods; upwards, those that are not ready count as idle."""
    ratio = sum(percent) / len(percent) / target
    if ratio <= 1 or not unready:
        return current if abs(1 - ratio) <= TOLERANCE else math.ceil(ratio * len(percent))
    counted = len(percent) + unready
    diluted = sum(percent) / counted / target
    if abs(1 - diluted) <= TOLERANCE or diluted < 1:
        return current
    return max(math.ceil(diluted * counted), current)
