"""The demo's requests are the sample suite's, the same each time, and hold a regression."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from evalctl.conformance.api import Json
from evalctl.demo import sample

SUITE = sample.questions(Path("evals"))
NOW = datetime(2026, 11, 28, tzinfo=UTC)
RECORDED = {question.answer for question in SUITE}


def _cases(body: Json) -> list[Json]:
    cases = body["cases"]
    assert isinstance(cases, list)
    return cases


def _wrong(body: Json) -> float:
    """The share of answers that are not the recorded ones."""
    cases = _cases(body)
    return sum(case["answer"] not in RECORDED for case in cases) / len(cases)


@pytest.mark.parametrize("cases", [1, 5, 20, 500, 501])
def test_the_runs_have_as_many_cases_as_wanted_and_each_id_once_in_a_run(cases: int) -> None:
    bodies = sample.requests(SUITE, cases=cases, now=NOW)

    assert sum(len(_cases(body)) for body in bodies) == cases
    for body in bodies:
        assert max(Counter(str(case["id"]) for case in _cases(body)).values()) == 1


def test_every_question_of_the_suite_is_in_a_run_of_five_hundred_cases() -> None:
    for body in sample.requests(SUITE, cases=500, now=NOW):
        used = {case["question"] for case in _cases(body)}
        assert used == {question.fields["question"] for question in SUITE}


def test_the_requests_are_the_same_each_time() -> None:
    assert sample.requests(SUITE, cases=100, now=NOW) == sample.requests(SUITE, cases=100, now=NOW)


def test_builds_have_their_own_commit_and_are_a_day_apart() -> None:
    bodies = sample.requests(SUITE, cases=500, now=NOW)
    built = [datetime.fromisoformat(str(body["built_at"])) for body in bodies]

    assert len({body["build"] for body in bodies}) == len(bodies)
    assert built == sorted(built)
    assert built[-1] < NOW
    assert {(later - earlier).days for earlier, later in pairwise(built)} == {1}


def test_one_build_is_clearly_worse_and_the_last_one_is_good_again() -> None:
    shares = [_wrong(body) for body in sample.requests(SUITE, cases=500, now=NOW)]

    assert max(shares) == shares[3] > 1.5 * sorted(shares)[-2]
    assert shares[-1] < shares[3] / 3
