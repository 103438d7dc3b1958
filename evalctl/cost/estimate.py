"""The bill of an environment's month at each load, by stack and by service."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import inf

from environments.spec import Environment
from evalctl.cost.assumptions import (
    HOURS,
    USAGE,
    Amounts,
    Load,
    Usage,
    always,
    llm_usd_per_evaluation,
)
from evalctl.cost.items import CLUSTER_MADE, Bill, Item, Missing, Service
from evalctl.cost.prices import Price, PriceTable
from evalctl.cost.rendered_files import RenderedEnvironment, UnreadableFileError
from evalctl.cost.resources import items_of

_DAYS = 30

Totals = dict[str, Amounts]


@dataclass(frozen=True, kw_only=True)
class Evaluations:
    """How many evaluations a month has, and what LLM providers bill for one."""

    count: Amounts
    llm_usd_each: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """The lines of the bill, what has no price, and the evaluations that share the bill."""

    items: tuple[Item, ...]
    missing: tuple[Missing, ...]
    usage: Usage
    evaluations: Evaluations

    @property
    def total(self) -> Amounts:
        return Amounts(*(sum(item.usd(load) for item in self.items) for load in Load))

    def by_stack(self) -> Totals:
        return self._grouped(lambda item: item.stack)

    def by_service(self) -> Totals:
        found = self._grouped(lambda item: item.service)
        return {service: found[service] for service in Service if service in found}

    def per_thousand(self, load: Load) -> float | None:
        """USD of AWS for 1,000 evaluations; None in a month without one."""
        count = self.evaluations.count.at(load)
        return 1_000 * self.total.at(load) / count if count else None

    def estimated_prices(self) -> tuple[Price, ...]:
        """Prices in use that follow from others, in the order of the lines."""
        prices = {item.price.name: item.price for item in self.items if item.price.estimate}
        return tuple(prices.values())

    def _grouped(self, key: Callable[[Item], str]) -> Totals:
        groups: dict[str, list[Item]] = defaultdict(list)
        for item in self.items:
            groups[key(item)].append(item)
        return {
            name: Amounts(*(sum(item.usd(load) for item in items) for load in Load))
            for name, items in groups.items()
        }


def estimate(rendered: RenderedEnvironment, env: Environment, prices: PriceTable) -> Estimate:
    """What the rendered files of an environment cost in a month.

    Raises:
        UnreadableFileError: a resource lacks an argument that decides about its price.
    """
    bill = Bill(rendered=rendered, usage=USAGE[env.tier], prices=prices)
    items = (*_terraform(bill), *_made_by_the_cluster(bill))
    each = llm_usd_per_evaluation()
    budget = _DAYS * env.objectives.daily_llm_budget_usd
    return Estimate(
        items=items,
        missing=tuple(bill.missing),
        usage=bill.usage,
        evaluations=Evaluations(
            count=bill.usage.llm_budget_share.times(budget / each), llm_usd_each=each
        ),
    )


def _terraform(bill: Bill) -> Iterator[Item]:
    for resource in bill.rendered.resources:
        try:
            items = tuple(items_of(bill, resource))
            if not all(0 <= item.usd(load) < inf for item in items for load in Load):
                raise ValueError("a size is no number, or below zero")
        except (
            *(KeyError, TypeError, AttributeError, ValueError),
            *(IndexError, StopIteration, OverflowError),
        ) as error:
            raise UnreadableFileError(
                f"{resource.address}: an argument that decides about the price is missing or has another type "
                f"({type(error).__name__}: {error}); run `evalctl render`"
            ) from error
        yield from items


def _made_by_the_cluster(bill: Bill) -> Iterator[Item]:
    lines = (
        *(
            (file, service, price, amounts)
            for file in bill.rendered.load_balancers
            for service, price, amounts in (
                (Service.LOAD_BALANCER, "Application load balancer", always(HOURS)),
                (
                    Service.LOAD_BALANCER,
                    "Load balancer capacity unit",
                    bill.usage.load_balancer_units.times(HOURS),
                ),
            )
        ),
        *(
            (claim.file, Service.EBS, "EBS gp3", always(claim.gib * claim.replicas))
            for claim in bill.rendered.claims
        ),
        (
            "CloudWatch exporter",
            Service.CLOUDWATCH,
            "CloudWatch metric requests",
            bill.usage.cloudwatch_metric_requests_thousands,
        ),
    )
    for what, service, name, amounts in lines:
        price = bill.price(name, region=bill.rendered.region, needed_by=what)
        if price is not None:
            yield Item(stack=CLUSTER_MADE, service=service, what=what, price=price, amounts=amounts)
