"""Runbook pages: for each observable its meaning, its thresholds, and what to do.

One page covers every environment; where numbers differ, it lists each environment's.
"""

from collections.abc import Iterator, Mapping, Sequence

from dashboards.observable import (
    Alert,
    Board,
    ClickhouseSql,
    Observable,
    Promql,
    Threshold,
)
from dashboards.pages.per_environment import PerEnvironment, across, observables
from dashboards.pages.wording import value_text

INDEX = "README"
MADE = "<!-- Made by `evalctl docs` from the boards in `dashboards/`. Edit those. -->"


def runbook_pages(environments: Mapping[str, Sequence[Board]]) -> dict[str, str]:
    """Page name, without `.md`, → its Markdown: one page per board, and an index of all alerts."""
    boards = across(environments)
    pages = {board.first.uid: _page(board) for board in boards}
    return {INDEX: _index(boards), **pages}


def _index(boards: Sequence[PerEnvironment[Board]]) -> str:
    lines = [
        MADE,
        "# Runbooks",
        "",
        "One page for each board, one entry for each thing watched. An alert's message links to its "
        "entry, a panel's corner too.",
        "",
        "| board | owner | shows |",
        "|---|---|---|",
    ]
    for board in boards:
        link = f"[{board.first.title}]({board.first.uid}.md)"
        lines.append(f"| {link} | {board.first.owner} | {board.once(lambda b: b.description)} |")
    lines += ["", "## Alerts", "", "| alert | severity | owner | what to do |", "|---|---|---|---|"]
    rows = [
        f"| `{alert.name}` | {alert.severity} | {board.first.owner_of(observable)} "
        f"| [{observable.title}]({board.first.uid}.md#{observable.id}) |"
        for board in boards
        for observable in board.first.observables
        for alert in observable.alerts
    ]
    return "\n".join([*lines, *sorted(rows), ""])


def _page(board: PerEnvironment[Board]) -> str:
    entries = {entry.first.id: entry for entry in observables(board)}
    lines = [
        MADE,
        f"# {board.first.title}",
        "",
        board.once(lambda b: b.description),
        f"Owner: **{board.first.owner}**.",
        "",
    ]
    for row in board.first.rows:
        lines += [f"## {row.title}", ""]
        for observable in row.observables:
            lines += [*_entry(entries[observable.id]), ""]
    return "\n".join(lines)


def _entry(entry: PerEnvironment[Observable]) -> Iterator[str]:
    first = entry.first
    yield f'<a id="{first.id}"></a>'
    yield ""
    yield f"### {first.title}"
    yield ""
    yield entry.once(lambda observable: observable.meaning)
    if first.owner is not None:
        yield f"Owner: **{first.owner}**."
    yield ""
    if first.thresholds:
        yield from _thresholds(entry)
        yield ""
    yield "**What to do**"
    yield ""
    for number, step in enumerate(first.what_to_do, start=1):
        yield f"{number}. {step}"
    yield ""
    yield from _alerts(entry)
    yield ""
    yield "<details><summary>Queries</summary>"
    yield ""
    for index in range(len(first.queries)):
        yield _query(PerEnvironment({n: o.queries[index] for n, o in entry.of.items()}))
    yield ""
    yield "</details>"


def _thresholds(entry: PerEnvironment[Observable]) -> Iterator[str]:
    first = entry.first
    side = "below" if first.higher_is_better else "from"
    yield f"| {' | '.join(('threshold', *entry.of, 'why there'))} |"
    yield "|---" * (len(entry.of) + 2) + "|"
    for index, threshold in enumerate(first.thresholds):
        each: PerEnvironment[Threshold] = PerEnvironment(
            {name: observable.thresholds[index] for name, observable in entry.of.items()}
        )
        values = each.texts(lambda t: value_text(t.value, first.unit)).values()
        yield (
            f"| {threshold.severity} {side} | {' | '.join(values)} | {each.once(lambda t: t.reason)} |"
        )


def _alerts(entry: PerEnvironment[Observable]) -> Iterator[str]:
    first = entry.first
    if first.no_alert:
        yield f"**No alert**: {first.no_alert}."
        return
    yield "**Alerts**"
    for index in range(len(first.alerts)):
        yield ""
        yield from _alert(PerEnvironment({n: o.alerts[index] for n, o in entry.of.items()}))


def _alert(alert: PerEnvironment[Alert]) -> Iterator[str]:
    first = alert.first
    minutes = "minute" if first.for_minutes == 1 else "minutes"
    yield f"`{first.name}`, {first.severity}, when this has held for {first.for_minutes} {minutes}:"
    yield ""
    yield alert.code(lambda a: a.expr, "promql", "#")


def _query(query: PerEnvironment[Promql | ClickhouseSql]) -> str:
    if isinstance(query.first, Promql):
        return query.code(_text, "promql", "#")
    return query.code(_text, "sql", "--")


def _text(query: Promql | ClickhouseSql) -> str:
    return query.expr if isinstance(query, Promql) else query.sql
