"""One thing watched, declared once: it becomes a panel, alerts and a runbook entry."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Owner(StrEnum):
    """The team that acts on an observable; Alertmanager routes by it."""

    SRE = "sre"
    FINOPS = "finops"
    PRODUCT = "product"


class Severity(StrEnum):
    """CRITICAL: users are affected, act now. WARNING: act within the working day."""

    CRITICAL = "critical"
    WARNING = "warning"


class Unit(StrEnum):
    """Units, by Grafana's ids."""

    RATIO = "percentunit"  # 0 to 1, shown in percent
    PERCENT = "percent"  # 0 to 100
    COUNT = "short"
    SECONDS = "s"
    DAYS = "d"
    BYTES = "bytes"
    USD = "currencyUSD"
    PER_SECOND = "ops"


class Chart(StrEnum):
    """How an observable is drawn."""

    TIME_SERIES = "timeseries"
    STAT = "stat"
    BARS = "barchart"
    TABLE = "table"


@dataclass(frozen=True, kw_only=True)
class Promql:
    """A query of Prometheus. It may use the dashboard's variables, `$model` and `$__rate_interval`."""

    expr: str
    legend: str


@dataclass(frozen=True, kw_only=True)
class ClickhouseSql:
    """A query of ClickHouse; a time series has its time in a column named `time`.

    It may use the dashboard's variables and Grafana's macro `$__timeFilter(column)`.
    """

    sql: str
    time_series: bool


@dataclass(frozen=True, kw_only=True)
class ThresholdAlert:
    """Fires when the observable's query has been beyond its threshold for `for_minutes`."""

    name: str  # CamelCase, as Prometheus' own
    for_minutes: int
    summary: str  # one line; may use Prometheus' templates, as in {{ $value }}
    description: str


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A line in the panel between good and bad; `reason` explains the value."""

    value: float
    severity: Severity
    reason: str
    alert: ThresholdAlert | None = None


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Fires when `expr` has held for `for_minutes`."""

    name: str
    expr: str
    for_minutes: int
    severity: Severity
    summary: str
    description: str


@dataclass(frozen=True, kw_only=True)
class Observable:
    """One thing watched.

    Its alerts are those of its thresholds and `other_alerts`, which have expressions of their own.

    Raises:
        ValueError: it has neither an alert nor a reason for having none, or it has both.
    """

    id: str  # kebab-case, unique over all boards: names the panel and its entry in the runbook
    title: str
    meaning: str  # plain language: what a high or a low value means
    chart: Chart = Chart.TIME_SERIES
    queries: tuple[Promql | ClickhouseSql, ...]
    unit: Unit
    thresholds: tuple[Threshold, ...] = ()
    higher_is_better: bool  # which side of a threshold is the bad one
    owner: Owner | None = None  # None: its board's
    what_to_do: tuple[str, ...]  # steps, in order
    other_alerts: tuple[Alert, ...] = ()
    no_alert: str = ""  # why nothing alerts on it

    def __post_init__(self) -> None:
        if bool(self.alerts) == bool(self.no_alert):
            raise ValueError(
                f"the observable {self.id!r} must have either alerts or a reason for having none: set "
                "`no_alert`, or an `alert` at a threshold, or `other_alerts`"
            )

    @property
    def alerts(self) -> tuple[Alert, ...]:
        return (*self._threshold_alerts(), *self.other_alerts)

    def _threshold_alerts(self) -> Iterator[Alert]:
        for threshold in self.thresholds:
            if threshold.alert is not None:
                yield Alert(
                    name=threshold.alert.name,
                    expr=f"{self._only_expr()} {self._beyond} {threshold.value:.15g}",
                    for_minutes=threshold.alert.for_minutes,
                    severity=threshold.severity,
                    summary=threshold.alert.summary,
                    description=threshold.alert.description,
                )

    @property
    def _beyond(self) -> str:
        return "<" if self.higher_is_better else ">"

    def _only_expr(self) -> str:
        match self.queries:
            case (Promql(expr=expr),):
                return expr
            case _:
                raise ValueError(
                    f"the observable {self.id!r} has an alert at a threshold, so it must have exactly "
                    "one query, of Prometheus; write the alert into `other_alerts` instead"
                )


@dataclass(frozen=True, kw_only=True)
class Row:
    """A headed line of panels."""

    title: str
    observables: tuple[Observable, ...]


@dataclass(frozen=True, kw_only=True)
class Board:
    """A dashboard; its uid is part of its address and never changes."""

    uid: str
    title: str
    owner: Owner
    description: str
    days_shown: int  # when the board is opened; a reader may choose another span
    rows: tuple[Row, ...]

    @property
    def observables(self) -> tuple[Observable, ...]:
        return tuple(observable for row in self.rows for observable in row.observables)

    def owner_of(self, observable: Observable) -> Owner:
        return observable.owner or self.owner
