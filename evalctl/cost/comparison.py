"""The change of an estimate between two versions of the rendered files."""

from dataclasses import dataclass, replace

from evalctl.cost.assumptions import Amounts, Load
from evalctl.cost.estimate import Estimate, Totals

_LEAST_USD = 0.005  # less is shown as no change


@dataclass(frozen=True, kw_only=True)
class Change:
    """USD of a month before and after, for one stack, one service or the total."""

    name: str
    before: Amounts
    after: Amounts

    def usd(self, load: Load) -> float:
        return self.after.at(load) - self.before.at(load)

    def __bool__(self) -> bool:
        return any(abs(self.usd(load)) >= _LEAST_USD for load in Load)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What changes by stack, by service and in total; what stays the same is left out."""

    stacks: tuple[Change, ...]
    services: tuple[Change, ...]
    total: Change


def compare(before: Estimate | None, after: Estimate) -> Comparison:
    """The change from `before`; None is an environment that did not exist."""
    before = before or replace(after, items=(), missing=())
    return Comparison(
        stacks=_changes(before.by_stack(), after.by_stack()),
        services=_changes(before.by_service(), after.by_service()),
        total=Change(name="total", before=before.total, after=after.total),
    )


def _changes(before: Totals, after: Totals) -> tuple[Change, ...]:
    nothing = Amounts(0, 0, 0)
    changes = (
        Change(name=name, before=before.get(name, nothing), after=after.get(name, nothing))
        for name in dict.fromkeys((*after, *before))
    )
    return tuple(change for change in changes if change)
