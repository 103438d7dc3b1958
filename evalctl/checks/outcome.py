"""What checks found in an environment, with its waivers applied."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from environments.waivers import Waiver
from evalctl.checks.check import Check, Finding, Subject


class Status(StrEnum):
    """The result of a check."""

    PASS = "pass"
    FAIL = "fail"
    WAIVED = "waived"


@dataclass(frozen=True)
class Outcome:
    """A check's status, and what it rests on."""

    check: Check
    status: Status
    findings: list[Finding]
    waiver: Waiver | None
    remark: str | None = None  # what is wrong with the waiver

    @property
    def problems(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.problem is not None]


def outcomes(checks: Iterable[Check], subject: Subject, waivers: Sequence[Waiver]) -> list[Outcome]:
    """The outcome of each check."""
    mine = {each.check: each for each in waivers if each.environment == subject.env.name}
    return [_outcome(check, subject, mine.get(check.name)) for check in checks]


def unknown(
    waivers: Sequence[Waiver], checks: Iterable[Check], environments: Iterable[str]
) -> list[str]:
    """The waivers of checks and environments that do not exist."""
    names, known = {check.name for check in checks}, set(environments)
    return [
        f"environments/waivers.py: {waiver.environment}, {waiver.check}: no such "
        f"{'check' if waiver.check not in names else 'environment'}; correct it or remove it"
        for waiver in waivers
        if waiver.check not in names or waiver.environment not in known
    ]


def _outcome(check: Check, subject: Subject, waiver: Waiver | None) -> Outcome:
    findings = check.run(subject)
    failed = any(finding.problem for finding in findings)
    if waiver is None:
        return Outcome(check, Status.FAIL if failed else Status.PASS, findings, None)
    remark = None
    if not failed:
        remark = "the check passes, so its waiver must go; remove it from environments/waivers.py"
    elif subject.today > waiver.until:
        remark = (
            f"the waiver of {waiver.owner} ended on {waiver.until}; fulfil the check, or renew it"
        )
    return Outcome(
        check, Status.WAIVED if remark is None else Status.FAIL, findings, waiver, remark
    )
