"""The model follows traces that a real kube-controller-manager made (record_trace.py)."""

import dataclasses
from pathlib import Path

import pytest

from evalctl.autoscaler_trace import Trace, UnreadableTraceError, read
from evalctl.simulation import autoscaler
from evalctl.simulation.comparison import compare

FOLDER = Path(__file__).parent
TRACES = [path.stem for path in sorted(FOLDER.glob("trace-*.json"))]
assert TRACES


@pytest.fixture(params=TRACES)
def trace(request: pytest.FixtureRequest) -> Trace:
    return read(FOLDER / f"{request.param}.json")


def test_the_model_makes_each_change_of_the_real_autoscaler_when_it_made_it(trace: Trace) -> None:
    found = compare(trace)
    assert found.agrees, found
    counts = [count for _, count in trace.replicas]
    assert counts[0] == counts[-1] == 2
    assert max(counts) == 20
    assert len(found.model) >= 9


@pytest.mark.parametrize("direction", ["scaleUp", "scaleDown"])
def test_another_window_is_seen(trace: Trace, direction: str) -> None:
    rules = trace.autoscaler["behavior"][direction]
    window = rules["stabilizationWindowSeconds"] + 45
    behavior = trace.autoscaler["behavior"] | {
        direction: rules | {"stabilizationWindowSeconds": window}
    }
    changed = dataclasses.replace(trace, autoscaler={**trace.autoscaler, "behavior": behavior})
    assert not compare(changed).agrees


def test_another_tolerance_is_seen(trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autoscaler, "TOLERANCE", 0.01)
    assert not compare(trace).agrees


def test_another_length_of_the_queue_is_seen(trace: Trace) -> None:
    jobs = [(seconds, 40 if value == 52 else value) for seconds, value in trace.waiting_jobs]
    assert not compare(dataclasses.replace(trace, waiting_jobs=jobs)).agrees


def test_a_model_that_does_not_agree_is_shown_with_the_decisions_that_fit_longest(
    trace: Trace,
) -> None:
    *first, (seconds, count) = trace.replicas
    found = compare(dataclasses.replace(trace, replicas=(*first, (seconds, count + 1))))
    assert not found.agrees
    near = zip(found.real[:-1], found.model[:-1], strict=True)
    assert all(real[1] == model[1] and abs(real[0] - model[0]) <= 2 for real, model in near)


def test_a_trace_is_read_as_it_was_written(trace: Trace, tmp_path: Path) -> None:
    trace.write(tmp_path / "trace.json")
    assert read(tmp_path / "trace.json") == trace


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"made_by": "x"}', "\udcff"])
def test_a_file_that_is_no_trace_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trace.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UnreadableTraceError, match=r"trace\.json is no trace"):
        read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreadableTraceError, match="nothing"):
        read(tmp_path / "nothing.json")
