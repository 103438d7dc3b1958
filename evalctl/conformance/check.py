"""A check: one line of the contract, and a function that proves it or fails with its evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evalctl.conformance.bench import Bench


class Subject(StrEnum):
    """The image whose program is tested."""

    WORKER = "worker"
    ORCHESTRATOR = "orchestrator"


# Returns the evidence. Raises BrokenError with the evidence that the line does not hold.
Proof = Callable[["Bench"], str]


@dataclass(frozen=True)
class Check:
    """One line of the contract."""

    id: str
    line: str
    proof: Proof


@dataclass(frozen=True)
class Result:
    """How a check ended, with its evidence."""

    check: str
    line: str
    passed: bool
    evidence: str
    seconds: float


def check(line: str) -> Callable[[Proof], Check]:
    """Make a check of a function; its name with hyphens is the check's id."""

    def made(proof: Proof) -> Check:
        return Check(proof.__name__.replace("_", "-"), line, proof)

    return made
