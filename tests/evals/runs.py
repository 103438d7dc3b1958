"""Small data sets and short limits for runs of the real suite, and edits of their results."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from evals.gate import baseline, dataset, evaluate, run, verdict
from evals.gate.dataset import Case
from evals.gate.pins import PINS, Caps, Dataset, Pins, Retries
from evals.gate.report import Code, Report
from evals.gate.run import Run
from tests.evals.judge import Judge

Cases = list[dict[str, object]]

COMMIT = "c" * 40
GOLDEN = len(dataset.path(PINS.dataset).read_text("utf-8").splitlines())
BUILD = evaluate.Build(
    commit=COMMIT, built_at=datetime(2026, 11, 22, tzinfo=UTC), branch="topic", environment="ci"
)

CASES = tuple(
    Case(
        id=f"{thing}-{topic}",
        topic=topic,
        source="none",
        question=f"What is {thing} of {topic}?",
        context=(f"The {thing} of {topic} is seven. It was eight before.",),
        expected_answer="Seven.",
    )
    for topic in ("queues", "nodes")
    for thing in ("size", "age")
)
GOOD = {case.id: case.context[0].split(".")[0] + "." for case in CASES}


def judged_by(judge: Judge, pins: Pins = PINS) -> Pins:
    """The pins with their judge on loopback."""
    return replace(pins, judge=replace(pins.judge, base_url=judge.base_url))


def small_pins(judge: Judge, folder: Path, *, cases: Sequence[Case] = CASES) -> Pins:
    """A few cases with good recorded answers, one retry and two minutes."""
    folder.mkdir()
    lines = "".join(json.dumps(asdict(case)) + "\n" for case in cases)
    (folder / "small.jsonl").write_text(lines)
    answers = "".join(
        json.dumps({"id": name, "answer": answer}) + "\n" for name, answer in GOOD.items()
    )
    (folder / "answers.jsonl").write_text(answers)
    return replace(
        judged_by(judge),
        dataset=Dataset(
            name="small",
            file=str(folder / "small.jsonl"),
            sha256=hashlib.sha256(lines.encode()).hexdigest(),
        ),
        minimum_cases=len(CASES),
        retries=Retries(after_first_attempt=1, seconds_per_attempt=30),
        caps=Caps(usd=1, seconds=120),
    )


def decide(folder: Path, pins: Pins) -> Report:
    """The gate's report on a folder, without a baseline."""
    report, _ = verdict.decide(folder, pins=pins, commit=COMMIT, baseline=baseline.NONE)
    return report


def evaluate_and_decide(pins: Pins, out: Path) -> Report:
    evaluate.evaluate(pins, out=out, build=BUILD)
    return decide(out, pins)


def codes(report: Report) -> set[Code]:
    return {reason.code for reason in report.reasons}


def messages(report: Report) -> str:
    return "\n".join(reason.message for reason in report.reasons)


def results_file(folder: Path) -> Path:
    (file,) = (folder / run.DEEPEVAL).glob("*.json")
    return file


def change_results(folder: Path, change: Callable[[Cases], object], *, rehash: bool = True) -> None:
    """Edit what DeepEval wrote, and the hashes in the run's record unless `rehash` is false."""
    file = results_file(folder)
    content = json.loads(file.read_text())
    change(content["testCases"])
    file.write_text(json.dumps(content))
    if rehash:
        change_record(folder, lambda record: replace(record, end=_with_new_hashes(record, folder)))


def set_faithfulness(folder: Path, scores: list[float]) -> None:
    """Set the faithfulness of the first cases to these scores, and of the others to 1."""

    def change(cases: Cases) -> None:
        padded = scores + [1.0] * (len(cases) - len(scores))
        for case, value in zip(cases, padded, strict=True):
            metrics_of(case)[0]["score"] = value

    change_results(folder, change)


def metrics_of(case: dict[str, object]) -> list[dict[str, object]]:
    metrics = case["metricsData"]
    assert isinstance(metrics, list)
    return metrics


def set_in_metric(name: str, value: object) -> Callable[[Cases], None]:
    """Change a field of the first case's first metric, faithfulness."""

    def change(cases: Cases) -> None:
        metrics_of(cases[0])[0][name] = value

    return change


def change_record(folder: Path, change: Callable[[Run], Run]) -> None:
    run.write(change(run.read(folder / run.RECORD)), folder)


def _with_new_hashes(record: Run, folder: Path) -> run.End:
    assert record.end is not None
    return replace(record.end, sha256=run.hashes(folder))
