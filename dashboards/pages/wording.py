"""Values and thresholds in words, the same in a panel's description and in the runbook."""

from dashboards.observable import Observable, Threshold, Unit

_BINARY = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))


def value_text(value: float, unit: Unit) -> str:
    """The value with its unit: `99.9 %`, `5 minutes`, `2 GiB`."""
    match unit:
        case Unit.RATIO:
            return f"{_number(value * 100)} %"
        case Unit.PERCENT:
            return f"{_number(value)} %"
        case Unit.SECONDS:
            if value >= 120 and value % 60 == 0:
                return f"{_number(value / 60)} minutes"
            return f"{_number(value)} s"
        case Unit.DAYS:
            return f"{_number(value)} days"
        case Unit.BYTES:
            for name, size in _BINARY:
                if value >= size:
                    return f"{_number(value / size)} {name}"
            return f"{_number(value)} bytes"
        case Unit.USD:
            return f"{_number(value)} USD"
        case Unit.PER_SECOND:
            return f"{_number(value)} per second"
        case _:
            return _number(value)


def threshold_text(threshold: Threshold, observable: Observable) -> str:
    """`critical below 99.9 %` or `critical from 1,000`, by which side is bad."""
    side = "below" if observable.higher_is_better else "from"
    return f"{threshold.severity} {side} {value_text(threshold.value, observable.unit)}"


def _number(value: float) -> str:
    rounded = round(value, 4)
    return f"{int(rounded):,}" if rounded == int(rounded) else f"{rounded:,.4g}"
