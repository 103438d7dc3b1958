"""Replaces variables and the plugin's macros in queries, as Grafana does before it sends them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_VARIABLE = re.compile(r"\$(?P<bare>\w+)|\$\{(?P<braced>\w+)(?::(?P<format>\w+))?\}")
_TIME_FILTER = re.compile(r"\$__timeFilter\((?P<column>[\w.]+)\)")

Values = Mapping[str, tuple[str, ...]]

# Grafana, prometheusSpecialRegexEscape: two backslashes, because a string of PromQL needs one of them.
_SPECIAL = re.compile(r"[\\^$*+?.()|\[\]{}]")


def _escaped(value: str) -> str:
    return _SPECIAL.sub(lambda found: "\\\\" + found[0], value)


_FORMATS: dict[str, Callable[[tuple[str, ...]], str]] = {
    "regex": lambda values: "(" + "|".join(map(_escaped, values)) + ")",
    "singlequote": lambda values: ",".join(f"'{value}'" for value in values),
    "csv": ",".join,
}


class UnknownVariableError(ValueError):
    """A query uses an undefined variable, or a format that board pages do not support."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """The shown time range, in seconds since 1970, and the step between its points."""

    start: int
    end: int
    step: int
    scrape_interval: int

    @property
    def seconds(self) -> int:
        return self.end - self.start

    def promql_values(self) -> dict[str, tuple[str, ...]]:
        """Grafana's own variables; `$__rate_interval` covers at least four scrapes."""
        rate = max(self.step + self.scrape_interval, 4 * self.scrape_interval)
        return {
            "__range": (f"{self.seconds}s",),
            "__interval": (f"{self.step}s",),
            "__rate_interval": (f"{rate}s",),
        }


def promql(expr: str, *, values: Values, span: Span) -> str:
    """The query for Prometheus; several values become a regular expression."""
    return _replaced(expr, {**values, **span.promql_values()}, many="regex")


def sql(text: str, *, values: Values, span: Span) -> str:
    """The query for ClickHouse."""
    with_times = _TIME_FILTER.sub(
        lambda found: (
            f"{found['column']} >= toDateTime({span.start})"
            f" AND {found['column']} <= toDateTime({span.end})"
        ),
        text,
    )
    return _replaced(with_times, values, many="singlequote")


def _replaced(text: str, values: Values, *, many: str) -> str:
    def value(found: re.Match[str]) -> str:
        name = found["bare"] or found["braced"]
        if name not in values:
            raise UnknownVariableError(f"{found[0]} is not a variable of the dashboard: {text}")
        chosen = values[name]
        format_ = found["format"] or (many if len(chosen) > 1 else None)
        if format_ is None:
            return chosen[0]
        if format_ not in _FORMATS:
            supported = ", ".join(_FORMATS)
            raise UnknownVariableError(f"{found[0]}: the supported formats are {supported}")
        return _FORMATS[format_](chosen)

    return _VARIABLE.sub(value, text)
