"""The golden data set: JSON Lines, one case a line; its version is the hash of its bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict, TypeAdapter, ValidationError

from evals.gate.pins import Dataset

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A question, what there is to know about it, and what a good answer says."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    id: str
    topic: str
    source: str  # the page that the context was taken from, to look when an answer is disputed
    question: str
    context: tuple[str, ...]
    expected_answer: str


class BadDatasetError(Exception):
    """The data set is not the pinned one, or cannot be read; the message says what to do."""


def path(dataset: Dataset) -> Path:
    """Where the data set is, whatever folder a command is typed in."""
    return ROOT / dataset.file


def read(dataset: Dataset) -> tuple[Case, ...]:
    """The pinned cases, and no others."""
    try:
        content = path(dataset).read_bytes()
    except OSError as error:
        raise BadDatasetError(f"{dataset.file} cannot be read: {error.strerror}.") from error
    now = hashlib.sha256(content).hexdigest()
    if now != dataset.sha256:
        raise BadDatasetError(
            f"{dataset.file} is not the pinned data set. Was it edited on purpose? Then pin it: "
            f'sha256="{now}" in evals/gate/pins.py.'
        )
    cases = tuple(_case(line, n, dataset) for n, line in enumerate(content.splitlines(), start=1))
    twice = {case.id for case in cases if [other.id for other in cases].count(case.id) > 1}
    if twice:
        raise BadDatasetError(f"{dataset.file} has several cases {', '.join(sorted(twice))}.")
    return cases


def _case(line: bytes, number: int, dataset: Dataset) -> Case:
    try:
        return _CASE.validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        raise BadDatasetError(
            f"{dataset.file}:{number}: {where}: {first['msg']}. A case has id, topic, source, "
            "question, context (a list) and expected_answer."
        ) from error


_CASE = TypeAdapter(Case)
