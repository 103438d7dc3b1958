"""The file that DeepEval writes, as far as the gate reads it."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from evals.gate import files

# The gate ignores other fields. NaN and infinity are no scores, although Python's JSON allows them.
_LENIENT = ConfigDict(extra="ignore", alias_generator=to_camel, allow_inf_nan=False)

# DeepEval's evaluate/local_store.py: the local time, and a number for a second file of that second.
_FILE_NAME = re.compile(r"test_run_(\d{8}_\d{6})(_\d+)?\.json")


@dataclass(frozen=True, kw_only=True)
class MetricData:
    """One score, or the error that replaces it."""

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
    """One judged question. `success` and `flaky` are not read: the gate decides."""

    __test__ = False  # pytest must not collect it
    __pydantic_config__ = _LENIENT

    name: str
    input: str
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


def read(file: Path) -> TestRun:
    """The test run in a file; InvalidJsonError if it holds none."""
    return files.parse(_TEST_RUN, file.read_bytes())


def written_at(file: Path) -> datetime | None:
    """When DeepEval wrote the file, to the second. The name holds it, so a copy keeps it."""
    match = _FILE_NAME.fullmatch(file.name)
    return datetime.strptime(match[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC) if match else None


_TEST_RUN = TypeAdapter(TestRun)
