"""`evalctl simulate`: the table, the picture, and what it refuses."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from evalctl.main import app
from evalctl.simulation import variants
from evalctl.simulation.simulation import Burst
from tests.support.paths import ROOT

TRACE = Path(__file__).parent / "trace-with-window.json"
OF_A_REHEARSAL = ROOT / "docs/pictures/workers-of-dev.json"


def _run(*arguments: str, status: int = 0) -> str:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["simulate", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def _row(output: str, name: str) -> list[str]:
    (line,) = (line for line in output.splitlines() if line.startswith(name))
    return [cell.strip() for cell in line.split("│")[1:]]


@pytest.mark.parametrize("env", ["dev", "prod"])
def test_queue_and_cpu_scaling_are_compared_on_the_same_burst(env: str) -> None:
    output = _run(env, "--burst", "60")
    by_queue, by_cpu = _row(output, "most workers")
    assert int(by_queue) > int(by_cpu)
    assert "jobs that wait or run" in output
    assert "Assumed:" in output


def test_the_picture_has_both_ways_in_both_panels(tmp_path: Path) -> None:
    picture = tmp_path / "burst.svg"
    _run("dev", "--burst", "60", "--chart", str(picture))
    paths = ElementTree.parse(picture).findall("{http://www.w3.org/2000/svg}path")
    assert len(paths) == 4


def test_the_same_command_prints_the_same_numbers() -> None:
    assert _run("dev", "--burst", "60") == _run("dev", "--burst", "60")
    assert _run("dev", "--burst", "60") != _run("dev", "--burst", "60", "--seed", "2")


def test_other_values_can_be_tried() -> None:
    few = _row(_run("prod", "--burst", "60", "--per-worker", "20"), "most workers")
    many = _row(_run("prod", "--burst", "60", "--per-worker", "2"), "most workers")
    assert int(few[0]) < int(many[0])


@pytest.mark.parametrize("jobs", ["0", "-5", "many"])
def test_a_burst_that_is_none_is_an_error_of_usage(jobs: str) -> None:
    assert "--burst" in _run("prod", "--burst", jobs, status=2)


def test_an_unknown_environment_is_an_error_of_usage() -> None:
    assert "no environment 'nowhere'" in _run("nowhere", status=2)


@pytest.mark.parametrize(
    ("trace", "made_by"), [(TRACE, "kube-controller-manager"), (OF_A_REHEARSAL, "evalctl rehearse")]
)
def test_a_trace_is_compared_with_the_model(trace: Path, made_by: str) -> None:
    output = _run("prod", "--against", str(trace))
    assert "changes of the real autoscaler" in output
    assert made_by in output


def test_a_trace_that_the_model_does_not_follow_is_a_failure(tmp_path: Path) -> None:
    other = tmp_path / "trace.json"
    other.write_text(TRACE.read_text().replace('"averageValue": "5"', '"averageValue": "50"'))
    output = _run("prod", "--against", str(other), status=1)
    assert "does not follow" in output


def test_a_file_that_is_no_trace_is_a_failure_in_a_sentence(tmp_path: Path) -> None:
    assert "is no trace" in _run("prod", "--against", str(tmp_path / "none.json"), status=1)


def test_the_variants_are_compared_on_several_bursts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "BURSTS", (Burst(jobs=30), Burst(jobs=60, over_seconds=600)))
    output = _run("dev", "--variants")
    assert "60 jobs in 10 min" in output
    assert len(_row(output, "as rendered")) == 2
    assert _row(output, "as rendered") != _row(output, "by CPU only")
