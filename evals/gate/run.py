"""`run.json`: what was run, written before DeepEval starts and completed after it ended."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import ConfigDict, TypeAdapter, ValidationError

from evals.gate import files
from evals.gate.pins import Pins

RECORD = "run.json"
DEEPEVAL = "deepeval"  # DEEPEVAL_RESULTS_FOLDER, below the folder of results
LOG = "deepeval.log"


@dataclass(frozen=True, kw_only=True)
class End:
    """How DeepEval ended, and what it had written by then."""

    at: datetime
    exit_code: int  # negative: ended by that signal
    reached_time_cap: bool
    sha256: dict[str, str]  # file below DEEPEVAL → hash


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of the suite against one agent."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    run_id: UUID
    started_at: datetime
    commit: str  # of the agent: this repository's, whose prompts and answers it is
    built_at: datetime
    branch: str
    environment: str
    agent: str
    deepeval: str  # its version
    pins: Pins
    end: End | None


class UnreadableRunError(Exception):
    """There is a `run.json`, and it does not say what one says."""


def write(run: Run, folder: Path) -> None:
    """Put it into the folder of results."""
    files.write(folder / RECORD, _RUN.dump_json(run, indent=2).decode() + "\n")


def read(file: Path) -> Run:
    """The run that a file tells of; FileNotFoundError when there is none."""
    try:
        return _RUN.validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UnreadableRunError(f"{file.name}: {where}: {first['msg']}") from error


def hashes(folder: Path) -> dict[str, str]:
    """Name → SHA-256 of the results that DeepEval wrote; its lock file is none."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted((folder / DEEPEVAL).glob("*"))
        if file.is_file() and not file.name.startswith(".")
    }


_RUN = TypeAdapter(Run)
