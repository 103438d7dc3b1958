"""Rules for every board, checked on the dashboards and the runbook pages that are made from it."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from grafana_foundation_sdk.models import units

from dashboards.grafana.dashboard import dashboard_json
from dashboards.observable import Board
from dashboards.pages.runbooks import runbook_pages
from environments.spec import Environment
from evalctl.board_pages.dashboard_file import Panel, read

KNOWN_UNITS = {value for value in vars(units).values() if isinstance(value, str)}


def problems(environments: Mapping[Environment, Sequence[Board]]) -> list[str]:
    """Every broken rule, with its place and what to do."""
    found: list[str] = []
    for env, boards in environments.items():
        found += [f"{env.name}: {problem}" for problem in _of_one(boards, env=env)]
    return found


def _of_one(boards: Sequence[Board], *, env: Environment) -> Iterator[str]:
    yield from _twice(boards)
    if len({board.uid for board in boards}) < len(boards):
        return  # they would share one page
    pages = runbook_pages({env.name: boards})
    for board in boards:
        dashboard = read(dashboard_json(board, env=env))
        for panel in dashboard["panels"]:
            if panel["type"] != "row":
                yield from _of_panel(panel, board)
        yield from _of_alerts(board, pages[board.uid])


def _twice(boards: Sequence[Board]) -> Iterator[str]:
    uids = Counter(board.uid for board in boards)
    ids = Counter(observable.id for board in boards for observable in board.observables)
    alerts = Counter(
        alert.name
        for board in boards
        for observable in board.observables
        for alert in observable.alerts
    )
    for uid, count in uids.items():
        if count > 1:
            titles = " and ".join(repr(board.title) for board in boards if board.uid == uid)
            yield (
                f"{titles} have the same uid {uid!r}: Grafana would keep one of them. Give the newer "
                "board another uid"
            )
    for id_, count in ids.items():
        if count > 1 and max(uids.values()) == 1:
            yield (
                f"{count} observables have the id {id_!r}: panels and runbook entries go by it. Rename "
                "the newer one"
            )
    for name, count in alerts.items():
        if count > 1 and max(uids.values()) == 1:
            yield f"{count} alerts are named {name}: cases and silences go by it. Rename the newer one"


def _of_panel(panel: Panel, board: Board) -> Iterator[str]:
    where = f"board {board.uid}, panel {panel['title']!r}"
    defaults = panel["fieldConfig"]["defaults"]
    drawn = len(defaults["thresholds"]["steps"]) > 1
    if defaults["unit"] not in KNOWN_UNITS:
        what = "has thresholds but no unit" if drawn else "has no unit"
        yield (
            f"{where} {what} of Grafana's ({defaults['unit']!r}): set `unit` of its observable, "
            "and add to dashboards/observable.py the Unit that is missing there"
        )
    meaning = panel["description"].split("\n", 1)[0]
    if not meaning or meaning.startswith(("- ", "Alerts:", "No alert:")):
        yield (
            f"{where} has no description: write the observable's `meaning`, what a high or a low value "
            "means in plain words"
        )
    if not panel["title"]:
        yield f"board {board.uid}, panel {panel['id']}: has no title: write the observable's `title`"


def _of_alerts(board: Board, page: str) -> Iterator[str]:
    for observable in board.observables:
        for alert in observable.alerts:
            if f'<a id="{observable.id}"></a>' not in page or not _steps(page, observable.id):
                yield (
                    f"alert {alert.name} has no runbook: write what to do into `what_to_do` of "
                    f"the observable {observable.id!r} (board {board.uid})"
                )


def _steps(page: str, anchor: str) -> list[str]:
    """The numbered lines of an entry."""
    entry = page.partition(f'<a id="{anchor}"></a>')[2].partition("<a id=")[0]
    return re.findall(r"^\d+\. \S.*", entry, re.MULTILINE)
