"""The golden data set: JSON Lines, one case a line; its version is the hash of its bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ConfigDict

from evals.gate import files
from evals.gate.pins import Dataset

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A question, the context to answer it from, and a good answer."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    id: str
    topic: str
    source: (
        str  # the page that the context was taken from; people read it when an answer is disputed
    )
    question: str
    context: tuple[str, ...]
    expected_answer: str


class BadDatasetError(Exception):
    """The data set is not the pinned one, or cannot be read; the message describes what to do."""


def path(dataset: Dataset) -> Path:
    """The data set's file, from any working directory."""
    return ROOT / dataset.file


def read(dataset: Dataset) -> tuple[Case, ...]:
    """The pinned cases."""
    try:
        content = path(dataset).read_bytes()
    except OSError as error:
        raise BadDatasetError(f"{dataset.file} cannot be read: {error.strerror}.") from error
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != dataset.sha256:
        raise BadDatasetError(
            f"{dataset.file} is not the pinned data set. If it was edited on purpose, pin it: "
            f'sha256="{sha256}" in evals/gate/pins.py.'
        )
    cases = tuple(_case(line, n, dataset) for n, line in enumerate(content.splitlines(), start=1))
    ids = [case.id for case in cases]
    duplicates = {id_ for id_ in ids if ids.count(id_) > 1}
    if duplicates:
        raise BadDatasetError(f"{dataset.file} has several cases {', '.join(sorted(duplicates))}.")
    return cases


def _case(line: bytes, number: int, dataset: Dataset) -> Case:
    try:
        return files.parse(Case, line)
    except files.InvalidJsonError as error:
        raise BadDatasetError(
            f"{dataset.file}:{number}: {error}. A case has id, topic, source, question, context "
            "(a list) and expected_answer."
        ) from error
