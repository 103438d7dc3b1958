"""The model of the autoscaler against a trace of the real one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from evalctl.autoscaler_trace import Points, Trace
from evalctl.simulation.autoscaler import Autoscaler, Observed
from evalctl.simulation.autoscaler_spec import AutoscalerSpec, parsed

# The recorder reads once a second.
_NEAR_SECONDS = 2.0
# The moment of the first decision is not known. The controller waits for its period after each decision, which takes
# some milliseconds, so the real period is longer than its setting by as much.
_PHASE_STEP_SECONDS = 0.25
_LONGER_MILLISECONDS = range(0, 65, 5)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The changes of the number of workers, of both."""

    real: Points
    model: Points

    @property
    def worst_seconds(self) -> float | None:
        """How far apart two changes to the same number are at most; None: the numbers differ."""
        left, worst = _distance(self.real, self.model)
        return None if left else worst

    @property
    def agrees(self) -> bool:
        return self.worst_seconds is not None and self.worst_seconds <= _NEAR_SECONDS


def compare(trace: Trace) -> Comparison:
    """The model decides by the same queue, at the moments that fit the real decisions best.

    Raises:
        UnreadableAutoscalerError: the trace's autoscaler has another form than the model reads.
    """
    spec, real = parsed(trace.autoscaler), trace.replicas[1:]
    decisions = [
        (number * _PHASE_STEP_SECONDS, trace.sync_seconds + longer / 1000)
        for number in range(int(trace.sync_seconds / _PHASE_STEP_SECONDS))
        for longer in _LONGER_MILLISECONDS
    ]
    best = min(decisions, key=lambda one: _distance(real, _replayed(trace, spec, *one)))
    return Comparison(real=real, model=tuple(_replayed(trace, spec, *best)))


def _distance(real: Points, model: Iterable[tuple[float, int]]) -> tuple[int, float]:
    """How many changes are left when the numbers differ for the first time, and by how many seconds the changes
    before are apart at most."""
    worst = 0.0
    for number, (one, other) in enumerate(zip_longest(real, model)):
        if one is None or other is None or one[1] != other[1]:
            return max(1, len(real) - number), worst
        worst = max(worst, abs(one[0] - other[0]))
    return 0, worst


def _replayed(
    trace: Trace, spec: AutoscalerSpec, first: float, period: float
) -> Iterator[tuple[float, int]]:
    autoscaler, replicas = Autoscaler(spec), trace.replicas[0][1]
    now = first
    while now < trace.seconds:
        # No pod of a rehearsal uses CPU.
        observed = Observed(
            replicas=replicas, waiting_jobs=_at(trace.waiting_jobs, now), cpu_percent=[0] * replicas
        )
        wanted = autoscaler.decide(now, observed)
        if wanted != replicas:
            replicas = wanted
            yield now, replicas
        now += period


def _at(points: Points, now: float) -> int:
    return [value for seconds, value in points if seconds <= now or seconds == points[0][0]][-1]
