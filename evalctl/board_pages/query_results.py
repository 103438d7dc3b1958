"""Runs a panel's queries and returns their results as lines or as a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from evalctl.board_pages import variables
from evalctl.board_pages.dashboard_file import Panel, Target
from evalctl.board_pages.prometheus import ResultSeries
from evalctl.board_pages.variables import Span, Values

Cell = str | int | float | None


@dataclass(frozen=True, kw_only=True)
class Line:
    """Values over time; times are seconds since 1970."""

    name: str
    times: tuple[float, ...]
    values: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table, with its type in ClickHouse's notation."""

    name: str
    type: str

    @property
    def is_time(self) -> bool:
        return self._plain_type.startswith("Date")

    @property
    def is_number(self) -> bool:
        return self._plain_type.startswith(("Int", "UInt", "Float", "Decimal"))

    @property
    def _plain_type(self) -> str:
        return self.type.removeprefix("LowCardinality(").removeprefix("Nullable(")


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of numbers and texts; every type other than a number is text."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


class Prometheus(Protocol):
    """Runs PromQL."""

    def query(self, expr: str, *, at: float) -> Sequence[ResultSeries]: ...

    def query_range(
        self, expr: str, *, start: int, end: int, step: int
    ) -> Sequence[ResultSeries]: ...


class Clickhouse(Protocol):
    """Runs SQL."""

    def query(self, sql: str) -> Table: ...


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The data sources, and the values of the dashboard's variables."""

    prometheus: Prometheus
    clickhouse: Clickhouse
    values: Values


def lines(panel: Panel, *, sources: Sources, span: Span) -> tuple[Line, ...]:
    """The lines of a panel with a time axis or with single numbers."""
    return tuple(
        line for target in panel["targets"] for line in _lines(target, sources=sources, span=span)
    )


def table(panel: Panel, *, sources: Sources, span: Span) -> Table:
    """The table of a panel with rows or bars, which has exactly one query, of ClickHouse."""
    (target,) = panel["targets"]
    return sources.clickhouse.query(
        variables.sql(target["rawSql"], values=sources.values, span=span)
    )


def _lines(target: Target, *, sources: Sources, span: Span) -> Iterator[Line]:
    if "rawSql" in target:
        query = variables.sql(target["rawSql"], values=sources.values, span=span)
        yield from by_time(sources.clickhouse.query(query))
        return
    expr = variables.promql(target["expr"], values=sources.values, span=span)
    result = (
        sources.prometheus.query(expr, at=span.end)
        if target.get("instant")
        else sources.prometheus.query_range(
            expr,
            # Aligned to the step, as Grafana does, so that a reload has the same points.
            start=span.start // span.step * span.step,
            end=span.end // span.step * span.step,
            step=span.step,
        )
    )
    for series in result:
        yield Line(
            name=_legend(target.get("legendFormat", ""), series.labels),
            times=tuple(time for time, _ in series.points),
            values=tuple(value for _, value in series.points),
        )


def by_time(table: Table) -> Iterator[Line]:
    """A line for each number column and each combination of texts, like the plugin's time series."""
    (time,) = (index for index, column in enumerate(table.columns) if column.is_time)
    numbers = [index for index, column in enumerate(table.columns) if column.is_number]
    texts = [
        index
        for index, column in enumerate(table.columns)
        if index != time and index not in numbers
    ]
    groups: dict[tuple[str, ...], list[tuple[Cell, ...]]] = {}
    for row in table.rows:
        groups.setdefault(tuple(str(row[index]) for index in texts), []).append(row)
    for labels, rows in groups.items():
        for number in numbers:
            yield Line(
                name=" ".join((table.columns[number].name, *labels)),
                times=tuple(_seconds(row[time]) for row in rows),
                values=tuple(_number(row[number]) for row in rows),
            )


def _legend(template: str, labels: Mapping[str, str]) -> str:
    for name, value in labels.items():
        template = template.replace(f"{{{{{name}}}}}", value)
    return template


def _seconds(cell: Cell) -> float:
    return datetime.fromisoformat(str(cell)).replace(tzinfo=UTC).timestamp()


def _number(cell: Cell) -> float | None:
    return None if cell is None else float(cell)
