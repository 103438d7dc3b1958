"""Time series from curves: gauges, counters and histograms, at the times of a history."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from telemetry.contract import Emitter, Metric

DAY = 86_400
HOUR = 3_600

# Each coarse step has two samples, because a rate over five minutes needs two.
_PAIR_SECONDS = 240

_SPREAD = 0.6  # 95 of 100 observations are then below 2.2 times the mean

Labels = dict[str, str]
Times = tuple[int, ...]  # seconds since 1970
Curve = Callable[[float], float]  # such a time → a gauge's value, or a counter's rate


@dataclass(frozen=True, kw_only=True)
class History:
    """The times of all samples, up to `end` (seconds since 1970, a multiple of both steps)."""

    end: int
    days: int
    coarse_step: int
    fine_hours: int
    fine_step: int

    @property
    def start(self) -> int:
        return self.end - self.days * DAY

    def times(self) -> Times:
        fine_from = self.end - self.fine_hours * HOUR
        return (
            *(
                time - before
                for time in range(self.start, fine_from, self.coarse_step)
                for before in (_PAIR_SECONDS, 0)
            ),
            *range(fine_from, self.end + 1, self.fine_step),
        )


@dataclass(frozen=True, kw_only=True)
class Series:
    """One time series, with a value for each time of its history."""

    name: str
    labels: Labels
    values: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """The distribution of a histogram's observations: log-normal, as response times are."""

    mean: float
    bounds: tuple[float, ...]  # of its buckets; the same for all series of a metric

    def share_up_to(self, bound: float) -> float:
        median = self.mean / math.exp(_SPREAD**2 / 2)
        return (1 + math.erf(math.log(bound / median) / (_SPREAD * math.sqrt(2)))) / 2


def gauge(metric: Metric, labels: Labels, curve: Curve, times: Times) -> Series:
    return Series(
        name=metric.name,
        labels=_scrape_labels(metric) | labels,
        values=tuple(curve(time) for time in times),
    )


def counter(metric: Metric, labels: Labels, rate: Curve, times: Times) -> Series:
    return Series(
        name=metric.name, labels=_scrape_labels(metric) | labels, values=_integrated(rate, times)
    )


def histogram(
    metric: Metric,
    labels: Labels,
    rate: Curve,
    distribution: Distribution,
    times: Times,
) -> Iterator[Series]:
    """Observations at a rate of `rate`, always with the same distribution."""
    count = _integrated(rate, times)
    all_labels = _scrape_labels(metric) | labels
    shares = {f"{bound:g}": distribution.share_up_to(bound) for bound in distribution.bounds}
    for bound, share in (shares | {"+Inf": 1.0}).items():
        yield Series(
            name=f"{metric.name}_bucket",
            labels=all_labels | {"le": bound},
            values=tuple(value * share for value in count),
        )
    yield Series(
        name=f"{metric.name}_sum",
        labels=all_labels,
        values=tuple(value * distribution.mean for value in count),
    )
    yield Series(name=f"{metric.name}_count", labels=all_labels, values=count)


Maker = Callable[[Metric, Times], Iterable[Series]]


def gauges(curve: Curve, *labels: Labels) -> Maker:
    """A gauge for each set of labels; without any, one with no labels of its own."""
    return lambda metric, times: [gauge(metric, own, curve, times) for own in labels or ({},)]


def counters(*rates: tuple[Labels, Curve]) -> Maker:
    return lambda metric, times: [counter(metric, own, rate, times) for own, rate in rates]


def _scrape_labels(metric: Metric) -> Labels:
    """The labels that Prometheus adds to every scraped metric."""
    labels = {"job": str(metric.emitter)}
    return labels if metric.emitter is Emitter.CLICKHOUSE else labels | {"instance": "synthetic"}


def _integrated(rate: Curve, times: Times) -> tuple[float, ...]:
    """The integral of `rate` by the trapezoidal rule: the values of a counter."""
    values = [0.0]
    for before, now in pairwise(times):
        values.append(values[-1] + (rate(before) + rate(now)) / 2 * (now - before))
    return tuple(values)


def openmetrics(series: Iterable[Series], times: Times) -> Iterator[str]:
    """The lines of a file that `promtool tsdb create-blocks-from openmetrics` reads."""
    for each in series:
        labels = ",".join(f'{name}="{value}"' for name, value in sorted(each.labels.items()))
        head = f"{each.name}{{{labels}}}"
        for time, value in zip(times, each.values, strict=True):
            yield f"{head} {value:.10g} {time}\n"
    yield "# EOF\n"
