"""The boards keep the rules, and the report on a broken board names the place and what to do."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from dashboards.boards import boards
from dashboards.observable import Board, Unit
from environments.registry import ENVIRONMENTS
from tests.dashboards.boards.board_rules import problems
from tests.dashboards.examples import OBSERVABLE, board

ENV = ENVIRONMENTS[0]


def test_the_boards_of_every_environment_keep_the_rules() -> None:
    found = problems({env: boards(env) for env in ENVIRONMENTS})

    assert not found, "\n".join(found)


def test_the_three_boards_keep_the_addresses_that_people_have_bookmarked() -> None:
    for env in ENVIRONMENTS:
        assert [board.uid for board in boards(env)] == ["platform-health", "llm-cost", "ai-quality"]


def _without_unit() -> list[Board]:
    return [board(replace(OBSERVABLE, unit=cast(Unit, "")))]


def _uid_twice() -> list[Board]:
    return [board(), replace(board(replace(OBSERVABLE, id="other")), title="The newer one")]


def _without_runbook() -> list[Board]:
    return [board(replace(OBSERVABLE, what_to_do=()))]


def _without_description() -> list[Board]:
    return [board(replace(OBSERVABLE, meaning=""))]


def _observable_twice() -> list[Board]:
    silent = replace(OBSERVABLE, other_alerts=(), no_alert="the other one alerts")
    return [board(), board(silent, uid="second")]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (
            _without_unit,
            "board example, panel 'Jobs waiting' has thresholds but no unit of Grafana's (''): "
            "set `unit` of its observable",
        ),
        (
            _uid_twice,
            "'Board example' and 'The newer one' have the same uid 'example': Grafana would keep one "
            "of them. Give the newer board another uid",
        ),
        (
            _without_runbook,
            "alert JobsWait has no runbook: write what to do into `what_to_do` of the observable "
            "'jobs-waiting' (board example)",
        ),
        (
            _without_description,
            "board example, panel 'Jobs waiting' has no description: write the observable's `meaning`",
        ),
        (_observable_twice, "2 observables have the id 'jobs-waiting'"),
    ],
)
def test_a_broken_board_is_reported_with_its_place_and_what_to_do(
    broken: Callable[[], list[Board]], message: str
) -> None:
    (problem,) = problems({ENV: broken()})

    assert problem.startswith(f"{ENV.name}: {message}")


def test_a_complete_board_has_no_problems() -> None:
    assert problems({ENV: [board()]}) == []
