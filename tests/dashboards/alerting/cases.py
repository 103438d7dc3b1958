"""A case of an alert, and the unit test of promtool that is made from it."""

from dataclasses import dataclass, field
from typing import Any

GONE = None  # the series is missing
NAN = float("nan")  # the CloudWatch exporter exports it when CloudWatch has no value


@dataclass(frozen=True)
class Level:
    """A gauge: just good enough, just bad enough, and recovered."""

    good: float | None
    bad: float | None
    recovered: float | None

    def notation(self, samples: int) -> str:
        phases = (self.good, self.bad, self.recovered)
        return " ".join(
            "_" if value is GONE else f"{value:.12g}" for value in phases for _ in range(samples)
        )


@dataclass(frozen=True)
class Growth:
    """A counter (or anything else that moves): how much it grows from one sample to the next."""

    good: float
    bad: float
    recovered: float
    start: float = 0

    def notation(self, samples: int) -> str:
        values, value = [], self.start
        for step in (self.good, self.bad, self.recovered):
            for _ in range(samples):
                value += step
                values.append(f"{value:.10g}")
        return " ".join(values)


@dataclass(frozen=True)
class Daily:
    """A gauge with a value in one hour of each day, and 0 in the others; a sample an hour."""

    good: float | None
    bad: float | None
    recovered: float | None

    def notation(self, samples: int) -> str:
        samples_of_days = []
        for index, value in enumerate((self.good, self.bad, self.recovered)):
            for hour in range(index * samples, (index + 1) * samples):
                samples_of_days.append(
                    "_" if value is GONE else f"{value if hour % 24 == 21 else 0:g}"
                )
        return " ".join(samples_of_days)


@dataclass(frozen=True, kw_only=True)
class Case:
    """Three phases of the same length: silent in the first, firing by the end of the second, silent by
    the end of the third.

    `lags_minutes` is how far the alert's query looks back, so that it may fire and end as much later.
    """

    alert: str
    series: dict[str, Level | Growth | Daily]
    summary: str  # with the values filled in
    description: str | None = None  # only where it depends on the values
    labels: dict[str, str] = field(default_factory=dict)  # besides those that the rule sets
    lags_minutes: int = 0
    step_minutes: int = 1


def unit_test(case: Case, rule: dict[str, Any], *, rules: str, order: list[str]) -> dict[str, Any]:
    """The input of promtool: the rule file and this case."""
    waits = int(rule["for"].removesuffix("m"))
    step = case.step_minutes
    samples = (case.lags_minutes + waits) // step + 3
    bad_from, recovered_from = samples * step, 2 * samples * step
    firing = {
        "exp_labels": rule["labels"] | case.labels,
        "exp_annotations": rule["annotations"]
        | {"summary": case.summary}
        | ({"description": case.description} if case.description else {}),
    }

    def at(minute: int, *expected: dict[str, Any]) -> dict[str, Any]:
        return {
            "eval_time": f"{minute}m",
            "alertname": case.alert,
            "exp_alerts": list(expected),
        }

    times = [
        at(bad_from - step),  # just good enough for a long time
        at(bad_from),  # just bad enough, but not for long enough
        at(recovered_from - step, firing),
        at(recovered_from + samples * step - step),
    ]
    if case.lags_minutes == 0 and waits >= step:
        times[2:2] = [at(bad_from + waits - step), at(bad_from + waits, firing)]
    return {
        "rule_files": [rules],
        "evaluation_interval": f"{step}m",
        "group_eval_order": order,
        "tests": [
            {
                "name": case.alert,
                "interval": f"{step}m",
                "input_series": [
                    {"series": series, "values": values.notation(samples)}
                    for series, values in case.series.items()
                ],
                "alert_rule_test": times,
            }
        ],
    }
