"""Are these the results of the pinned suite, whole, fresh and untouched? Every doubt is told at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from evals.gate import cases, dataset, results, run
from evals.gate.dataset import Case
from evals.gate.pins import Pins
from evals.gate.report import Code, Facts, Reason, Score
from evals.gate.results import TestCase, TestRun
from evals.gate.run import End, Run

_SECOND = timedelta(seconds=1)  # a file's name knows no fractions


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was found; with doubts, nothing in it decides anything."""

    run: Run | None
    facts: Facts | None
    scores: tuple[Score, ...]
    doubts: tuple[Reason, ...]


def examine(folder: Path, *, pins: Pins, commit: str) -> Evidence:
    """Read a folder of results and compare it with the pins, the data set and the commit."""
    doubts: list[Reason] = []
    golden: tuple[Case, ...] = ()
    try:
        golden = dataset.read(pins.dataset)
    except dataset.BadDatasetError as error:
        doubts.append(Reason(code=Code.OTHER_DATASET, message=str(error)))
    try:
        made = run.read(folder / run.RECORD)
    except OSError:
        why = f"{folder} has no {run.RECORD}: run `evalctl evaluate --out {folder}` first."
        doubts.append(Reason(code=Code.NO_RUN, message=why))
        return Evidence(run=None, facts=None, scores=(), doubts=tuple(doubts))
    except run.UnreadableRunError as error:
        why = f"{error}. It was not written by this version of `evalctl evaluate`; run it anew."
        doubts.append(Reason(code=Code.UNREADABLE, message=why))
        return Evidence(run=None, facts=None, scores=(), doubts=tuple(doubts))
    doubts += _about_the_run(made, pins, commit)
    tests, about_files = _test_run(folder, made)
    doubts += about_files
    judged = tests.test_cases if tests else ()
    if tests is not None:
        doubts += cases.doubts(tests, golden, pins, made)
    scores = () if doubts else tuple(cases.scores(judged, golden, pins.metrics))
    return Evidence(run=made, facts=_facts(made, judged), scores=scores, doubts=tuple(doubts))


def _about_the_run(made: Run, pins: Pins, commit: str) -> Iterator[Reason]:
    if made.commit != commit:
        yield Reason(
            code=Code.STALE,
            message=f"The results are of commit {made.commit[:12]}, not of {commit[:12]}: evaluate anew.",
        )
    if made.pins.judge != pins.judge:
        yield Reason(
            code=Code.OTHER_JUDGE,
            message=(
                f"{made.pins.judge.model} at {made.pins.judge.base_url} judged, but "
                f"{pins.judge.model} at {pins.judge.base_url} is pinned (evals/gate/pins.py)."
            ),
        )
    if made.pins.dataset != pins.dataset:
        yield Reason(
            code=Code.OTHER_DATASET,
            message=(
                f"The run used {made.pins.dataset.version}, but {pins.dataset.version} is pinned "
                "(evals/gate/pins.py): evaluate anew."
            ),
        )
    if made.pins.metrics != pins.metrics or made.pins.minimum_cases != pins.minimum_cases:
        yield Reason(
            code=Code.OTHER_SETTINGS,
            message="The run used other metrics or thresholds than evals/gate/pins.py: evaluate anew.",
        )
    yield from _about_the_end(made.end, made.pins)


def _about_the_end(end: End | None, pins: Pins) -> Iterator[Reason]:
    if end is None:
        yield Reason(
            code=Code.UNFINISHED_RUN,
            message="`evalctl evaluate` was ended before DeepEval was: run it anew, into a new folder.",
        )
    elif end.reached_time_cap:
        yield Reason(
            code=Code.TIME_CAP,
            message=(
                f"DeepEval was stopped after {pins.caps.seconds:g} s. {run.LOG} tells how far it came; "
                "the cap is caps.seconds in evals/gate/pins.py."
            ),
        )
    elif end.exit_code < 0:
        yield Reason(
            code=Code.RUN_FAILED,
            message=f"DeepEval was ended by signal {-end.exit_code} (9 is also lack of memory): run it anew.",
        )
    # 1: pytest ran to its end and a case is below its threshold, which the scores decide.
    elif end.exit_code not in (0, 1):
        yield Reason(
            code=Code.RUN_FAILED,
            message=f"DeepEval ended with exit code {end.exit_code}; {run.LOG} tells why.",
        )


def _test_run(folder: Path, made: Run) -> tuple[TestRun | None, list[Reason]]:
    """The one file of results, if it is readable, and what is odd about the files."""
    found = run.hashes(folder)
    if not found:
        lost = ", ".join(made.end.sha256) if made.end else ""
        why = f"{lost} is gone." if lost else f"DeepEval wrote no results; {run.LOG} tells why."
        return None, [Reason(code=Code.NO_RESULTS, message=why)]
    doubts: list[Reason] = []
    if len(found) > 1:
        why = f"{run.DEEPEVAL}/ has {len(found)} files, and one run writes one: evaluate into a new folder."
        doubts.append(Reason(code=Code.SEVERAL_RESULTS, message=why))
    if made.end is not None and found != made.end.sha256:
        why = f"{run.DEEPEVAL}/ is not as the run left it: files were changed, added or taken away."
        doubts.append(Reason(code=Code.TAMPERED, message=why))
    file = folder / run.DEEPEVAL / max(found)
    written = results.written_at(file)
    late = made.end is not None and written is not None and written > made.end.at
    if written is None or written < made.started_at - _SECOND or late:
        why = f"{file.name} was not written during the run, which began {made.started_at:%Y-%m-%d %H:%M:%S} UTC."
        doubts.append(Reason(code=Code.STALE, message=why))
    try:
        tests = results.read(file)
    except results.UnreadableResultsError as error:
        why = f"{file.name}: {error}. DeepEval {made.deepeval} wrote it, or something else did."
        return None, [*doubts, Reason(code=Code.UNREADABLE, message=why)]
    return tests, doubts


def _facts(made: Run, judged: Sequence[TestCase]) -> Facts:
    measured = [data for case in judged for data in case.metrics_data]
    return Facts(
        run_id=made.run_id,
        started_at=made.started_at,
        commit=made.commit,
        branch=made.branch,
        agent=made.agent,
        deepeval=made.deepeval,
        judge_model=made.pins.judge.model,
        dataset=made.pins.dataset.version,
        cases=len(judged),
        cost_usd=sum(data.evaluation_cost or 0 for data in measured),
        input_tokens=sum(data.input_tokens for data in measured),
        output_tokens=sum(data.output_tokens for data in measured),
    )
