"""`run.json`, the record of a run: written before DeepEval starts and completed after it ended."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from pydantic import ConfigDict
from pydantic_core import to_json

from evals.gate import files
from evals.gate.pins import Pins
from evals.gate.report import Reason

RECORD = "run.json"
DEEPEVAL = "deepeval"  # DEEPEVAL_RESULTS_FOLDER, below the folder of results
LOG = "deepeval.log"
AGENT_ERRORS = "agent_errors.json"  # case → why the agent gave no answer
PROGRESS = "progress.txt"  # one line: what was done so far


@dataclass(frozen=True, kw_only=True)
class End:
    """How DeepEval ended, and the files that it had written by then."""

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
    commit: str  # of this repository, which holds the agent's prompts and the recorded answers
    built_at: datetime
    branch: str
    environment: str
    agent: str
    deepeval: str  # its version
    pins: Pins
    end: End | None
    problem: Reason | None = None  # why DeepEval was not started


def write(run: Run, folder: Path) -> None:
    """Write the record into the folder of results."""
    files.write(folder / RECORD, to_json(run, indent=2).decode() + "\n")


def read(file: Path) -> Run:
    """The run in a record.

    Raises:
        FileNotFoundError: there is no such file.
        InvalidJsonError: the file is not a record of a run.
    """
    return files.parse(Run, file.read_bytes())


def hashes(folder: Path) -> dict[str, str]:
    """Name → SHA-256 of the result files that DeepEval wrote, without its lock file."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted((folder / DEEPEVAL).glob("*"))
        if file.is_file() and not file.name.startswith(".")
    }
