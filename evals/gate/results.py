"""The file that DeepEval writes, as far as the gate reads it."""

import re
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from evals.gate import files

# DeepEval's evaluate/local_store.py: the local time, and a number for a second file of that second.
_FILE_NAME = re.compile(r"test_run_(\d{8}_\d{6})(_\d+)?\.json")


class _Part(BaseModel):
    # The gate ignores other fields. NaN and infinity are no scores, although Python's JSON allows them.
    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, allow_inf_nan=False
    )


class MetricData(_Part):
    """One score, or the error that replaces it."""

    name: str
    threshold: float | None = None
    score: float | None = None
    reason: str | None = None
    error: str | None = None
    evaluation_model: str | None = None
    evaluation_cost: float | None = None
    input_tokens: int = Field(0, alias="inputTokenCount")
    output_tokens: int = Field(0, alias="outputTokenCount")


class TestCase(_Part):
    """One judged question. `success` and `flaky` are not read: the gate decides."""

    name: str
    input: str
    expected_output: str | None = None
    retrieval_context: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    metrics_data: tuple[MetricData, ...] = ()


class TestRun(_Part):
    """All that one `deepeval test run` judged."""

    identifier: str | None = None
    test_cases: tuple[TestCase, ...] = ()


def read(file: Path) -> TestRun:
    """The test run in a file; InvalidJsonError if it holds none."""
    return files.parse(TestRun, file.read_bytes())


def written_at(file: Path) -> datetime | None:
    """When DeepEval wrote the file, to the second. The name holds it, so a copy keeps it."""
    match = _FILE_NAME.fullmatch(file.name)
    return datetime.strptime(match[1], "%Y%m%d_%H%M%S").replace(tzinfo=UTC) if match else None
