"""One demand: a number that is needed, beside the number that there is."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Demand:
    """How much of something is needed, and how much there is."""

    what: str
    needs: int
    has: int
    counted: str  # where both numbers come from
    problem: str  # the field, and what to do, if it needs more than it has
    tolerated: bool = False  # more than it has is no broken rule

    @property
    def is_met(self) -> bool:
        return self.needs <= self.has
