"""The suite of this repository: its data set, its pins, and its separation from our own tests."""

import dataclasses
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from evals.gate import dataset, evaluate
from evals.gate.dataset import BadDatasetError, Case
from evals.gate.pins import PINS, Dataset
from tests.support.paths import ROOT

CASES = dataset.read(PINS.dataset)
ANSWERS = [
    json.loads(line) for line in (ROOT / "evals/answers.jsonl").read_text("utf-8").splitlines()
]


def test_the_golden_data_set_is_the_pinned_one_and_has_enough_cases() -> None:
    assert len(CASES) >= PINS.minimum_cases >= 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_names_the_page_of_its_facts(case: Case) -> None:
    assert (ROOT / case.source).is_file()
    assert case.question.endswith("?")
    assert all(case.context)
    assert case.expected_answer


def test_every_topic_has_more_than_one_case() -> None:
    topics = [case.topic for case in CASES]

    assert min(topics.count(topic) for topic in topics) >= 2


def test_every_case_has_one_recorded_answer() -> None:
    assert [answer["id"] for answer in ANSWERS] == [case.id for case in CASES]


def test_the_judge_is_a_dated_model_at_its_makers_address() -> None:
    assert PINS.judge.model[-10:].count("-") == 2, "a name without a date moves to another model"
    assert PINS.judge.base_url == "https://api.openai.com/v1"


def test_a_bad_line_of_the_data_set_is_reported_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(json.dumps(dataclasses.asdict(CASES[0])) + '\n{"id": "x"}\n')
    bad = Dataset(name="bad", file=str(file), sha256=hashlib.sha256(file.read_bytes()).hexdigest())

    with pytest.raises(BadDatasetError, match=r"bad\.jsonl:2: topic: Field required"):
        dataset.read(bad)


def test_our_own_tests_neither_load_deepeval_nor_collect_the_suite() -> None:
    assert not {"deepeval", "pytest_rerunfailures", "pytest_asyncio", "openai"} & set(sys.modules)
    assert not any(name.startswith("evals.suite") for name in sys.modules)


def test_pytest_alone_is_refused_with_the_right_command() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "pytest", evaluate.SUITE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 4
    assert "evalctl evaluate" in result.stderr
