"""Alerts on how fast an error budget is spent, over a long and a short window at once.

The long window shows that it matters, the short one that it still continues. Windows and rates are
those of Google's Site Reliability Workbook, chapter 5, table 5-8, for an objective over 30 days.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dashboards.observable import Alert, Severity


@dataclass(frozen=True)
class _Window:
    long: str
    short: str
    rate: float  # 1 spends the budget in exactly 30 days
    severity: Severity


_FAST = (_Window("1h", "5m", 14.4, Severity.CRITICAL), _Window("6h", "30m", 6, Severity.CRITICAL))
_SLOW = (_Window("1d", "2h", 3, Severity.WARNING), _Window("3d", "6h", 1, Severity.WARNING))


def burn_rate_alerts(
    name: str, *, what: str, ratio: Callable[[str], str], objective_percent: float
) -> tuple[Alert, Alert]:
    """One alert for a budget that will be spent within days, one for within the month."""
    return (
        _alert(f"{name}Fast", _FAST, "days", what=what, ratio=ratio, objective=objective_percent),
        _alert(f"{name}Slow", _SLOW, "weeks", what=what, ratio=ratio, objective=objective_percent),
    )


def _alert(
    name: str,
    windows: tuple[_Window, ...],
    gone_within: str,
    *,
    what: str,
    ratio: Callable[[str], str],
    objective: float,
) -> Alert:
    budget = round(1 - objective / 100, 6)
    return Alert(
        name=name,
        expr=" or ".join(
            f"({ratio(window.long)} > {window.rate * budget:g}"
            f" and {ratio(window.short)} > {window.rate * budget:g})"
            for window in windows
        ),
        for_minutes=2,
        severity=windows[0].severity,
        summary=f"{what}: the month's error budget will be gone within {gone_within}",
        description=(
            f"{{{{ $value | humanizePercentage }}}} failed over the longer window; the objective of "
            f"{objective:g} % allows {budget * 100:g} % over 30 days."
        ),
    )
