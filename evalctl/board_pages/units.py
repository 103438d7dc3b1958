"""Formats numbers with their unit as Grafana does: on axes, in single numbers and in bars."""

from collections.abc import Iterable
from dataclasses import dataclass

_BINARY = ((2**40, " TiB"), (2**30, " GiB"), (2**20, " MiB"), (2**10, " KiB"))
_SHORT = ((1e12, " T"), (1e9, " B"), (1e6, " M"), (1e3, " K"))


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The number format of an axis, after each number is divided by `divisor`."""

    divisor: float = 1
    format: str = ""  # in d3's notation
    prefix: str = ""
    suffix: str = ""


def axis(unit: str, values: Iterable[float]) -> Axis:
    """One scale for all numbers of a chart, chosen for the largest."""
    largest = max((abs(value) for value in values), default=0)
    match unit:
        case "percentunit":
            return Axis(format=",.4~%")
        case "percent":
            return Axis(format=",.4~f", suffix="%")
        case "bytes":
            divisor, suffix = _scale(largest, _BINARY, " B")
            return Axis(divisor=divisor, format=",.3~f", suffix=suffix)
        case "currencyUSD":
            return Axis(format=",.4~f", prefix="$")
        case "s":
            if largest >= 2 * 3_600:
                return Axis(divisor=3_600, format=",.4~f", suffix=" h")
            if largest >= 2 * 60:
                return Axis(divisor=60, format=",.4~f", suffix=" min")
            return Axis(format=",.4~f", suffix=" s")
        case "d" | "ops":
            return Axis(format=",.4~f", suffix={"d": " days", "ops": "/s"}[unit])
        case _:
            return Axis(format="~s" if largest >= 10 else ",.3~f")


def text(value: float, unit: str, decimals: int | None = None) -> str:
    """One number."""
    match unit:
        case "percentunit":
            return _percent(value * 100, decimals)
        case "percent":
            return _percent(value, decimals)
        case "bytes":
            divisor, suffix = _scale(abs(value), _BINARY, " B")
        case "currencyUSD":
            return f"${value:,.2f}"
        case "s" | "d" | "ops":
            return f"{_plain(value)}{ {'s': ' s', 'd': ' days', 'ops': '/s'}[unit] }"
        case _:
            divisor, suffix = _scale(abs(value), _SHORT, "")
    return f"{_plain(value / divisor)}{suffix}"


def _percent(value: float, decimals: int | None) -> str:
    if decimals is not None:
        return f"{value:.{decimals}f}%"
    return f"{f'{value:,.2f}'.rstrip('0').rstrip('.')}%"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.3g}"


def _scale(
    largest: float, steps: tuple[tuple[float, str], ...], smallest: str
) -> tuple[float, str]:
    return next(((size, suffix) for size, suffix in steps if largest >= size), (1, smallest))
