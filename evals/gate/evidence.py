"""Checks that results are those of the pinned suite: complete, fresh and unchanged. Reports every problem."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from evals.gate import cases, dataset, files, judge_errors, results, run
from evals.gate.dataset import Case
from evals.gate.files import InvalidJsonError
from evals.gate.pins import Pins
from evals.gate.report import Code, Facts, Reason, Score
from evals.gate.results import TestCase, TestRun
from evals.gate.run import End, Run

_SECOND = timedelta(seconds=1)  # the precision of the time in a file's name


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was found. If there are problems, nothing in it decides anything."""

    run: Run | None
    facts: Facts | None
    scores: tuple[Score, ...]
    problems: tuple[Reason, ...]


def examine(folder: Path, *, pins: Pins, commit: str) -> Evidence:
    """Read a folder of results and compare it with the pins, the data set and the commit."""
    problems: list[Reason] = []
    golden: tuple[Case, ...] = ()
    try:
        golden = dataset.read(pins.dataset)
    except dataset.BadDatasetError as error:
        problems.append(Reason(code=Code.OTHER_DATASET, message=str(error)))
    try:
        record = run.read(folder / run.RECORD)
    except OSError:
        message = f"{folder} has no {run.RECORD}: run `evalctl evaluate --out {folder}` first."
        problems.append(Reason(code=Code.NO_RUN, message=message))
        return Evidence(run=None, facts=None, scores=(), problems=tuple(problems))
    except InvalidJsonError as error:
        message = f"{run.RECORD}: {error}. This version of `evalctl evaluate` did not write it: evaluate again."
        problems.append(Reason(code=Code.UNREADABLE, message=message))
        return Evidence(run=None, facts=None, scores=(), problems=tuple(problems))
    if record.problem is not None:
        return Evidence(
            run=record, facts=_facts(record, ()), scores=(), problems=(*problems, record.problem)
        )
    problems += _run_problems(record, pins, commit)
    problems += _agent_problems(folder / run.AGENT_ERRORS)
    tests, file_problems = _test_run(folder, record)
    problems += file_problems
    judged = tests.test_cases if tests else ()
    if tests is not None:
        problems += cases.problems(tests, golden, pins, record)
    scores = () if problems else tuple(cases.scores(judged, golden, pins.metrics))
    return Evidence(
        run=record, facts=_facts(record, judged), scores=scores, problems=tuple(problems)
    )


def _run_problems(record: Run, pins: Pins, commit: str) -> Iterator[Reason]:
    used = record.pins
    if record.commit != commit:
        message = (
            f"The results are of commit {record.commit[:12]}, not of {commit[:12]}: evaluate again."
        )
        yield Reason(code=Code.STALE, message=message)
    if used.judge != pins.judge:
        message = (
            f"{used.judge.model} at {used.judge.base_url} judged, but {pins.judge.model} at "
            f"{pins.judge.base_url} is pinned (evals/gate/pins.py)."
        )
        yield Reason(code=Code.OTHER_JUDGE, message=message)
    if used.dataset != pins.dataset:
        message = (
            f"The run used {used.dataset.version}, but {pins.dataset.version} is pinned "
            "(evals/gate/pins.py): evaluate again."
        )
        yield Reason(code=Code.OTHER_DATASET, message=message)
    if used.metrics != pins.metrics or used.minimum_cases != pins.minimum_cases:
        message = (
            "The run used other metrics or thresholds than evals/gate/pins.py: evaluate again."
        )
        yield Reason(code=Code.OTHER_SETTINGS, message=message)
    yield from _end_problems(record.end, used)


def _agent_problems(file: Path) -> Iterator[Reason]:
    try:
        errors = files.parse(dict[str, str], file.read_bytes())
    except FileNotFoundError:
        return
    except InvalidJsonError as error:
        yield Reason(code=Code.UNREADABLE, message=f"{file.name}: {error}. Evaluate again.")
        return
    for first in list(errors.values())[:1]:
        message = f"The agent did not answer {len(errors)} cases: {judge_errors.redacted(first)}"
        yield Reason(code=Code.AGENT_FAILED, message=message)


def _end_problems(end: End | None, pins: Pins) -> Iterator[Reason]:
    if end is None:
        message = "`evalctl evaluate` was stopped before DeepEval ended: evaluate again, into a new folder."
        yield Reason(code=Code.UNFINISHED_RUN, message=message)
    elif end.reached_time_cap:
        message = (
            f"DeepEval was stopped after {pins.caps.seconds:g} s. {run.LOG} has its progress; the cap "
            "is caps.seconds in evals/gate/pins.py."
        )
        yield Reason(code=Code.TIME_CAP, message=message)
    elif end.exit_code < 0:
        message = f"DeepEval was ended by signal {-end.exit_code} (9 is also lack of memory): evaluate again."
        yield Reason(code=Code.RUN_FAILED, message=message)
    # 1: pytest ran to its end and a case is below its threshold. The scores decide about that.
    elif end.exit_code not in (0, 1):
        message = f"DeepEval ended with exit code {end.exit_code}; {run.LOG} has the reason."
        yield Reason(code=Code.RUN_FAILED, message=message)


def _test_run(folder: Path, record: Run) -> tuple[TestRun | None, list[Reason]]:
    """The test run, if its file is readable, and the problems with the files."""
    found = run.hashes(folder)
    if not found:
        lost = ", ".join(record.end.sha256) if record.end else ""
        message = (
            f"{lost} is gone." if lost else f"DeepEval wrote no results; {run.LOG} has the reason."
        )
        return None, [Reason(code=Code.NO_RESULTS, message=message)]
    problems: list[Reason] = []
    if len(found) > 1:
        message = f"{run.DEEPEVAL}/ has {len(found)} files, but one run writes one: evaluate into a new folder."
        problems.append(Reason(code=Code.SEVERAL_RESULTS, message=message))
    if record.end is not None and found != record.end.sha256:
        message = f"{run.DEEPEVAL}/ has changed since the run: files were edited, added or removed."
        problems.append(Reason(code=Code.TAMPERED, message=message))
    file = folder / run.DEEPEVAL / max(found)
    written = results.written_at(file)
    late = record.end is not None and written is not None and written > record.end.at
    if written is None or written < record.started_at - _SECOND or late:
        message = f"{file.name} was not written during the run, which started at {record.started_at:%Y-%m-%d %H:%M:%S} UTC."
        problems.append(Reason(code=Code.STALE, message=message))
    try:
        return results.read(file), problems
    except InvalidJsonError as error:
        message = (
            f"{file.name}: {error}. DeepEval {record.deepeval} wrote it, or another program did."
        )
        return None, [*problems, Reason(code=Code.UNREADABLE, message=message)]


def _facts(record: Run, judged: Sequence[TestCase]) -> Facts:
    measured = [data for case in judged for data in case.metrics_data]
    return Facts(
        run_id=record.run_id,
        started_at=record.started_at,
        commit=record.commit,
        branch=record.branch,
        agent=record.agent,
        deepeval=record.deepeval,
        judge_model=record.pins.judge.model,
        dataset=record.pins.dataset.version,
        cases=len(judged),
        cost_usd=sum(data.evaluation_cost or 0 for data in measured),
        input_tokens=sum(data.input_tokens for data in measured),
        output_tokens=sum(data.output_tokens for data in measured),
    )
