"""Outcomes as a table, as JSON and as Markdown."""

import json
from collections.abc import Iterator, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from evalctl.checks.check import Finding
from evalctl.checks.outcome import Outcome, Status
from evalctl.parsed.node import Node

_STYLES = {Status.PASS: "green", Status.FAIL: "bold red", Status.WAIVED: "yellow"}


def table(title: str, outcomes: Sequence[Outcome]) -> Table:
    """A row for each check, with what it rests on."""
    result = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for heading in ("", "check", "rests on"):
        result.add_column(heading, overflow="fold")
    for outcome in outcomes:
        name = outcome.check.name + (f" ({outcome.check.brief})" if outcome.check.brief else "")
        status = Text(outcome.status, style=_STYLES[outcome.status])
        result.add_row(status, Text(name), Text(_evidence(outcome)))
    return result


def problems(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Each problem of the checks that fail, with the check's name."""
    for outcome in outcomes:
        if outcome.status is Status.FAIL:
            if outcome.remark is not None:
                yield f"{outcome.check.name}: {outcome.remark}"
            yield from (f"{outcome.check.name}: {problem}" for problem in outcome.problems)


def _evidence(outcome: Outcome) -> str:
    if outcome.status is Status.WAIVED and outcome.waiver is not None:
        return f"until {outcome.waiver.until}, {outcome.waiver.owner}: {outcome.waiver.reason}"
    if outcome.status is Status.FAIL:
        return f"problems, listed below: {len(outcome.problems)}"
    return f"{outcome.findings[0].node.location} and {len(outcome.findings) - 1} more"


def as_json(
    environment: str, outcomes: Sequence[Outcome], *, live: Sequence[Mapping[str, object]]
) -> str:
    """Everything, for a program; `live` are the answers of AWS and the cluster."""
    checks = [
        {
            "check": outcome.check.name,
            "title": outcome.check.title,
            "brief": outcome.check.brief,
            "status": outcome.status,
            "remark": outcome.remark,
            "waiver": outcome.waiver
            and {
                "owner": outcome.waiver.owner,
                "reason": outcome.waiver.reason,
                "until": str(outcome.waiver.until),
            },
            "findings": [_finding(finding) for finding in outcome.findings],
        }
        for outcome in outcomes
    ]
    document = {"environment": environment, "checks": checks, "live": live}
    return json.dumps(document, indent=2, default=str)


def _finding(finding: Finding) -> dict[str, object]:
    other = {"other": _place(finding.other)} if finding.other is not None else {}
    return {**_place(finding.node), "problem": finding.problem, **other}


def _place(node: Node) -> dict[str, object]:
    file, _, line = node.location.rpartition(":")
    return {"file": file, "line": int(line), "path": node.shown_path, "value": node.value}


def markdown(environment: str, outcomes: Sequence[Outcome]) -> str:
    """A table, and below it each problem; for a comment or a job's summary."""
    lines = [f"### Checklist of {environment}", "", "| | check | rests on |", "| --- | --- | --- |"]
    for outcome in outcomes:
        title = f"{outcome.check.title} (`{outcome.check.name}`)"
        lines.append(f"| {outcome.status} | {title} | {_plain(_evidence(outcome))} |")
    lines += ["", *(f"- {_plain(problem)}" for problem in problems(outcomes))]
    return "\n".join(lines).rstrip()


def _plain(text: str) -> str:
    """Text without what Markdown would read as a mark."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
