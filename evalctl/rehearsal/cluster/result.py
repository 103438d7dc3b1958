"""What a check of a rehearsal found."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line of the table of checks."""

    check: str
    passed: bool
    evidence: str  # what was seen; of a failed check, the objects and what is wrong with each


def result(check: str, problems: list[str], evidence: str) -> Result:
    """Passed with its evidence if there is no problem, failed with all of them otherwise."""
    return Result(
        check=check,
        passed=not problems,
        evidence="\n".join(dict.fromkeys(problems)) if problems else evidence,
    )
