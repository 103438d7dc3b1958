"""Writes the demo's page and the boards beside it."""

import time
from dataclasses import dataclass
from pathlib import Path

from dashboards.boards import boards
from environments.spec import Environment
from evalctl.board_pages import drawing
from evalctl.board_pages.prometheus import Prometheus
from evalctl.demo import boards as drawn_boards
from evalctl.demo import page, stand_in
from evalctl.demo.report import Report
from evalctl.local_servers.clickhouse import Clickhouse


@dataclass(frozen=True, kw_only=True)
class Written:
    """The page, and a line for each panel of a board that is empty."""

    index: Path
    problems: tuple[str, ...]


def write(
    env: Environment,
    report: Report,
    *,
    prometheus: Prometheus,
    clickhouse: Clickhouse,
    start: int,
    checkout: Path,
    out: Path,
) -> Written:
    """Write the pages into `out`; the boards show the time since `start`."""
    drawn = drawn_boards.draw(
        env, prometheus=prometheus, clickhouse=clickhouse, start=start, end=round(time.time())
    )
    files = drawing.write(out, drawn)
    text = page.page(
        report,
        boards=[
            page.Board(file=file.name, title=board.title, height=drawn[board.uid].height)
            for file, board in zip(files.pages, boards(env), strict=True)
        ],
        not_drawn=drawn_boards.not_drawn(env),
        stand_ins=stand_in.LINES,
        docs=checkout / "docs",
    )
    index = out / page.FILE
    index.write_text(text, encoding="utf-8")
    return Written(index=index, problems=files.problems)
