"""The requests of the demo: builds of an invented agent that answer the sample suite's questions.

An answer is the recorded one of evals/answers.jsonl. Some answers get a sentence that is wrong: more of
them in one build, so that the boards show a regression.
"""

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from evalctl.conformance.api import MODELS, Json

SEED = "demo"
DATASET = "golden@sample"
# The share of answers with a wrong sentence, by build; a day lies between two builds.
_WRONG = (0.12, 0.08, 0.05, 0.25, 0.09, 0.04)
# Topics that the agent answers wrong more often than others.
_HARD = {"secrets": 2.0, "upgrades": 1.5}
_UNSUPPORTED = "The platform also repeats this step every Friday."
_BESIDE_THE_POINT = "By the way, a dashboard can have a dark theme."


@dataclass(frozen=True, kw_only=True)
class Question:
    """A case of the sample suite, and its recorded answer."""

    fields: Json
    answer: str

    @property
    def topic(self) -> str:
        return str(self.fields["topic"])


def questions(folder: Path) -> tuple[Question, ...]:
    """The suite in this folder (evals/)."""
    answers = {str(row["id"]): str(row["answer"]) for row in _rows(folder / "answers.jsonl")}
    return tuple(
        Question(fields=row, answer=answers[str(row["id"])])
        for row in _rows(folder / "golden.jsonl")
    )


def requests(suite: Sequence[Question], *, cases: int, now: datetime) -> list[Json]:
    """The bodies of the test runs: one for each build, with about as many cases each."""
    builds = min(cases, len(_WRONG))
    return [
        _request(suite, build, cases=cases // builds + (build < cases % builds), now=now)
        for build in range(builds)
    ]


def _request(suite: Sequence[Question], build: int, *, cases: int, now: datetime) -> Json:
    provider = sorted(MODELS)[build % len(MODELS)]
    return {
        "build": hashlib.sha1(f"{SEED} {build}".encode()).hexdigest(),
        "built_at": (now - timedelta(days=len(_WRONG) - build)).isoformat(),
        "branch": "main",
        "dataset": DATASET,
        "judge": {"provider": provider, "model": MODELS[provider]},
        "cases": [_case(suite, build, number) for number in range(cases)],
    }


def _case(suite: Sequence[Question], build: int, number: int) -> Json:
    """A question of the suite; a run with more cases than questions repeats them."""
    question, repeated = suite[number % len(suite)], number // len(suite)
    chance = random.Random(f"{SEED} {build} {number}")
    answer = question.answer
    if chance.random() < _WRONG[build] * _HARD.get(question.topic, 1.0):
        answer = f"{answer} {chance.choice((_UNSUPPORTED, _BESIDE_THE_POINT))}"
    id_ = str(question.fields["id"]) + (f"-{repeated + 1}" if repeated else "")
    return question.fields | {"id": id_, "answer": answer}


def _rows(file: Path) -> list[Json]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
