"""One thing watched, declared once: it becomes a panel, alerts and a runbook entry."""

from dataclasses import dataclass
from enum import StrEnum


class Owner(StrEnum):
    """The team that acts on an observable; Alertmanager routes by it."""

    SRE = "sre"
    FINOPS = "finops"
    PRODUCT = "product"


class Severity(StrEnum):
    """CRITICAL: users are hurt, act now. WARNING: act within the working day."""

    CRITICAL = "critical"
    WARNING = "warning"


class Unit(StrEnum):
    """Units by the ids that Grafana knows."""

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
class Threshold:
    """A line drawn in the panel, where good ends; `reason` says why there."""

    value: float
    severity: Severity
    reason: str


@dataclass(frozen=True, kw_only=True)
class Alert:
    """Fires when `expr` has held for `for_minutes`."""

    name: str  # CamelCase, as Prometheus' own
    expr: str
    for_minutes: int
    severity: Severity
    summary: str  # one line; may use Prometheus' templates, as in {{ $value }}
    description: str


@dataclass(frozen=True, kw_only=True)
class NoAlert:
    """Nobody is told about this observable, and why."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Observable:
    """One thing watched."""

    id: str  # kebab-case, unique over all boards: names the panel and its entry in the runbook
    title: str
    meaning: str  # plain language: what a high or low value says
    chart: Chart
    queries: tuple[Promql | ClickhouseSql, ...]
    unit: Unit
    thresholds: tuple[Threshold, ...]
    higher_is_better: bool  # which side of a threshold is the bad one
    owner: Owner
    what_to_do: tuple[str, ...]  # steps, first things first
    alerting: tuple[Alert, ...] | NoAlert


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
    days_shown: int  # when the board is opened; who looks may choose another span
    rows: tuple[Row, ...]

    @property
    def observables(self) -> tuple[Observable, ...]:
        return tuple(observable for row in self.rows for observable in row.observables)
