"""How much an environment is used in a month: what no rendered file contains. Change a value here to see its effect.

A month at each load is a whole month of it. No amount was measured on a running platform; compare with the
first real bill, and correct.
"""

from dataclasses import dataclass, fields
from enum import StrEnum

from environments.spec import Tier

HOURS = 730  # of a month, as AWS' calculator and Infracost count


class Load(StrEnum):
    """How busy the environment is in the month."""

    IDLE = "idle"  # nobody evaluates; node groups at their desired sizes
    TYPICAL = "typical"
    MAXIMUM = "maximum"  # every node group at its maximum for the whole month


@dataclass(frozen=True)
class Amounts:
    """A quantity at each load."""

    idle: float
    typical: float
    maximum: float

    def at(self, load: Load) -> float:
        return float(getattr(self, load.value))

    def times(self, factor: float) -> "Amounts":
        return Amounts(self.idle * factor, self.typical * factor, self.maximum * factor)


def always(amount: float) -> Amounts:
    return Amounts(amount, amount, amount)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Amounts of one month. The names are shown to people with their units."""

    # Of the step from a node group's desired to its maximum size, as an average of the month: eight hours
    # of twenty-two working days are 176 of 730 hours.
    busy_share: Amounts = Amounts(0, 0.25, 1)
    # Of `objectives.daily_llm_budget_usd` on each day; the evaluations follow from it.
    llm_budget_share: Amounts = Amounts(0, 0.25, 1)
    nat_traffic_gb: Amounts = Amounts(20, 150, 1_000)  # images, LLM calls, AWS without an endpoint
    internet_traffic_gb: Amounts = Amounts(1, 20, 200)
    zone_traffic_gb: Amounts = Amounts(50, 500, 4_000)  # replication, metrics, requests
    endpoint_traffic_gb: Amounts = Amounts(10, 100, 800)  # of all endpoints together
    log_gb_of_each_group: Amounts = Amounts(0.5, 3, 20)
    s3_gb_of_each_bucket: Amounts = Amounts(5, 100, 1_000)
    s3_writes_thousands_of_each_bucket: Amounts = Amounts(5, 50, 500)
    backup_gb_of_each_vault: Amounts = Amounts(20, 150, 1_500)
    image_gb_of_each_repository: Amounts = Amounts(2, 5, 20)
    load_balancer_units: Amounts = Amounts(0.1, 1, 5)  # on average of the hours
    cloudwatch_metric_requests_thousands: Amounts = Amounts(173, 173, 173)  # the exporter's
    # Of the instance that the weekly restore drill makes: half an hour, an hour, and its limit, which counts
    # for the restore and for the deletion (docs/restore-drill.md).
    restore_drill_hours: Amounts = Amounts(2, 4.35, 17.4)

    def scaled(self, factor: float) -> "Usage":
        """All amounts of data and requests, times the factor; the shares stay."""
        return Usage(
            **{
                field.name: value
                if field.name.endswith("_share")
                or field.name.startswith(("cloudwatch", "restore_drill"))
                else value.times(factor)
                for field in fields(self)
                if isinstance(value := getattr(self, field.name), Amounts)
            }
        )


USAGE = {Tier.PRODUCTION: Usage(), Tier.DEVELOPMENT: Usage().scaled(0.2)}

# Tokens of one evaluation: what the quality gate's run measured for a case (docs/quality-gate.md, "What a
# run costs"), at the prices of its pinned judge. The platform's agents use other models; replace both.
INPUT_TOKENS = 2_400
OUTPUT_TOKENS = 215


def llm_usd_per_evaluation() -> float:
    from evals.gate.pins import PINS  # a deploy loads this module, and no deploy may load evals/

    judge = PINS.judge
    return (
        INPUT_TOKENS * judge.usd_per_million_input_tokens
        + OUTPUT_TOKENS * judge.usd_per_million_output_tokens
    ) / 1_000_000
