"""The file that DeepEval writes, as far as the gate reads it."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

# What else is in there is none of ours. NaN and infinity are no scores, though Python's JSON has them.
_LENIENT = ConfigDict(extra="ignore", alias_generator=to_camel, allow_inf_nan=False)

# evaluate/local_store.py: the time of writing, and a number when a second brings two.
_FILE_NAME = re.compile(r"test_run_(\d{8}_\d{6})(_\d+)?\.json")


@dataclass(frozen=True, kw_only=True)
class MetricData:
    """One score, or the error that stands in its place."""

    __pydantic_config__ = _LENIENT

    name: str
    threshold: float | None = None
    score: float | None = None
    reason: str | None = None
    error: str | None = None
    evaluation_model: str | None = None
    evaluation_cost: float | None = None
    input_tokens: Annotated[int, Field(alias="inputTokenCount")] = 0
    output_tokens: Annotated[int, Field(alias="outputTokenCount")] = 0


@dataclass(frozen=True, kw_only=True)
class TestCase:
    """One question with the agent's answer. `success` and `flaky` are left out: the gate decides."""

    __test__ = False  # no test of pytest's
    __pydantic_config__ = _LENIENT

    name: str
    input: str
    actual_output: str | None = None
    expected_output: str | None = None
    retrieval_context: tuple[str, ...] = ()
    metadata: dict[str, str] = field(default_factory=dict)
    metrics_data: tuple[MetricData, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TestRun:
    """All that one `deepeval test run` judged."""

    __test__ = False
    __pydantic_config__ = _LENIENT

    identifier: str | None = None
    test_cases: tuple[TestCase, ...] = ()


class UnreadableResultsError(Exception):
    """The file is no test run of DeepEval's."""


def read(file: Path) -> TestRun:
    """The test run in a file."""
    try:
        return _TEST_RUN.validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UnreadableResultsError(
            f"{where}: {first['msg']}" if where else first["msg"]
        ) from error


def written_at(file: Path) -> datetime | None:
    """When DeepEval wrote it, to the second; copying a file does not change its name."""
    match = _FILE_NAME.fullmatch(file.name)
    return datetime.strptime(match[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC) if match else None


_TEST_RUN = TypeAdapter(TestRun)
