"""The demo draws the panels whose metrics it has, and names the others."""

from itertools import pairwise

import pytest

from dashboards.boards import boards
from dashboards.grafana.dashboard import dashboard_json
from dashboards.observable import Board
from environments.registry import ENVIRONMENTS
from evalctl.board_pages.dashboard_file import Dashboard, Panel, read
from evalctl.demo.boards import drawable, has_source, not_drawn

ENV = ENVIRONMENTS[0]
EACH_BOARD = pytest.mark.parametrize("board", boards(ENV), ids=lambda board: board.uid)


def _dashboard(board: Board) -> Dashboard:
    return read(dashboard_json(board, env=ENV))


def _cells(panel: Panel) -> set[tuple[int, int]]:
    place = panel["gridPos"]
    return {
        (x, y)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    }


@EACH_BOARD
def test_the_panels_that_are_left_do_not_overlap_and_stay_in_the_grid(board: Board) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in drawable(_dashboard(board))["panels"]:
        cells = _cells(panel)
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


@EACH_BOARD
def test_each_row_that_is_left_has_a_panel(board: Board) -> None:
    types = [panel["type"] for panel in drawable(_dashboard(board))["panels"]]

    assert "row" not in types[-1:]
    assert all(pair != ("row", "row") for pair in pairwise(types))


def test_each_panel_is_either_drawn_or_named_as_left_out() -> None:
    drawn = [
        panel["title"]
        for board in boards(ENV)
        for panel in drawable(_dashboard(board))["panels"]
        if panel["type"] != "row"
    ]
    every = [observable.title for board in boards(ENV) for observable in board.observables]

    assert sorted([*drawn, *not_drawn(ENV)]) == sorted(every)


def test_what_aws_and_kubernetes_emit_is_left_out_and_what_the_programs_emit_is_not() -> None:
    panels = {
        panel["title"]: panel
        for board in boards(ENV)
        for panel in _dashboard(board)["panels"]
        if panel["type"] != "row"
    }

    assert not has_source(panels["PostgreSQL CPU"])
    assert not has_source(panels["Workers against their maximum"])
    # By recording rules.
    assert has_source(panels["Jobs pending"])
    assert has_source(panels["Orchestrator uptime"])
    assert has_source(panels["Topics with the most wrong answers"])
