"""`evalctl evaluate` and `evalctl gate`, as a person or a pipeline runs them."""

import json
import os
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from evalctl.main import app
from evals.gate import pins
from evals.gate.pins import Pins
from tests.evals.runs import COMMIT, GOLDEN, change_results, set_in_metric


@pytest.fixture(autouse=True)
def pinned(run_pins: Pins, monkeypatch: pytest.MonkeyPatch) -> None:
    """Production's pins with the judge of the good run."""
    monkeypatch.setattr(pins, "PINS", run_pins)


def gate(results: Path, out: Path, *options: str) -> Result:
    arguments = ["gate", str(results), "--out", str(out), "--commit", COMMIT, *options]
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


def test_good_results_pass_the_gate_and_every_file_is_written(
    good_run: Path, tmp_path: Path
) -> None:
    out, summary, rows = tmp_path / "report.json", tmp_path / "summary.md", tmp_path / "rows.jsonl"

    first = gate(good_run, out, "--no-baseline", "--summary", str(summary), "--rows", str(rows))
    second = gate(good_run, tmp_path / "next.json", "--baseline", str(out))

    assert first.exit_code == second.exit_code == 0, first.output + second.output
    assert "The quality gate is open" in first.output
    assert "nothing was compared" in first.output
    assert json.loads(out.read_text())["verdict"] == "pass"
    assert summary.read_text().startswith("## Quality gate: passed")
    assert len(rows.read_text().splitlines()) == 2 * GOLDEN
    assert json.loads((tmp_path / "next.json").read_text())["metrics"][0]["change"] is not None


def test_a_failed_gate_prints_its_reasons_and_writes_a_report_but_no_rows(
    good_run: Path, tmp_path: Path
) -> None:
    change_results(good_run, set_in_metric("error", "Error code: 429 - slow down"))
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"evaluated_at": "", "run_id": "", "case_id": "", "metric": "", "score": 1}\n')

    result = gate(good_run, tmp_path / "report.json", "--no-baseline", "--rows", str(rows))

    assert result.exit_code == 1
    assert "The quality gate is closed." in result.output
    assert "• faithfulness: no score for release-to-dev: Error code: 429" in result.output
    assert json.loads((tmp_path / "report.json").read_text())["verdict"] == "fail"
    assert not rows.exists()


def test_the_baseline_is_a_required_choice_and_nothing_is_deleted_before_it(
    good_run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "report.json"
    gate(good_run, out, "--no-baseline")
    before = out.read_text()

    neither = gate(good_run, out)
    both = gate(good_run, out, "--no-baseline", "--baseline", str(tmp_path / "main.json"))

    assert neither.exit_code == both.exit_code == 1
    assert "--baseline FILE or --no-baseline" in neither.output
    assert out.read_text() == before


def test_an_old_report_is_gone_when_nothing_can_be_decided(good_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    gate(good_run, out, "--no-baseline")
    assert json.loads(out.read_text())["verdict"] == "pass"

    gate(tmp_path / "no-results", out, "--no-baseline")

    assert json.loads(out.read_text())["summary"]["faithfulness"] is None


@pytest.mark.parametrize("option", ["--out", "--summary", "--rows"])
@pytest.mark.parametrize("kind", ["text", "JSON", "link", "device", "folder"])
def test_what_the_gate_did_not_write_is_refused_and_nothing_is_deleted(
    good_run: Path, tmp_path: Path, option: str, kind: str
) -> None:
    paths = {name: tmp_path / name for name in ("--out", "--summary", "--rows")}
    arguments = [text for name, path in paths.items() for text in (name, str(path))]
    command = ["gate", str(good_run), "--commit", COMMIT, "--no-baseline", *arguments]
    assert CliRunner().invoke(app, command).exit_code == 0
    file = paths[option]
    others = {path: path.read_text() for path in paths.values() if path != file}
    file.unlink()
    target = tmp_path / "target"
    match kind:
        case "text":
            file.write_text("# my notes\n")
        case "JSON":
            file.write_text('{"name": "evaluation", "verdict": 1}\n')
        case "link":
            target.write_text("")
            file.symlink_to(target)
        case "device":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
    kept = file.lstat()

    result = CliRunner().invoke(app, command, env={"COLUMNS": "200"})

    assert result.exit_code == 1
    assert f"{option} {file}" in result.output
    assert isinstance(result.exception, SystemExit)
    assert (file.lstat().st_ino, file.lstat().st_size) == (kept.st_ino, kept.st_size)
    assert {path: path.read_text() for path in others} == others


def test_two_options_may_not_name_one_file(good_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"

    result = gate(good_run, out, "--no-baseline", "--rows", str(tmp_path / "." / "report.json"))

    assert result.exit_code == 1
    assert "must be different files" in result.output


def test_an_empty_file_may_be_filled(good_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    out.touch()  # as mktemp makes it

    assert gate(good_run, out, "--no-baseline").exit_code == 0


def test_a_missing_baseline_fails_and_is_reported(good_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"

    result = gate(good_run, out, "--baseline", str(tmp_path / "gone.json"))

    assert result.exit_code == 1
    assert "For the first run, pass --no-baseline" in result.output
    assert [r["code"] for r in json.loads(out.read_text())["reasons"]] == ["baseline_unusable"]


def test_the_report_of_main_may_be_replaced_by_the_new_one(good_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"

    gate(good_run, out, "--no-baseline")
    result = gate(good_run, out, "--baseline", str(out))

    assert result.exit_code == 0, result.output
    assert json.loads(out.read_text())["metrics"][0]["change"] is not None


def test_a_report_that_cannot_be_written_gives_an_error_and_no_traceback(
    good_run: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    result = gate(good_run, tmp_path / "file" / "report.json", "--no-baseline")

    assert result.exit_code == 1
    assert "is not a folder" in result.output or "cannot be written" in result.output
    assert isinstance(result.exception, SystemExit)


def test_nothing_is_evaluated_without_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    result = evaluate(tmp_path / "out")

    assert result.exit_code == 1
    assert "OPENAI_API_KEY is not set" in result.output
    assert not (tmp_path / "out").exists()


def test_nothing_is_evaluated_into_old_results(
    good_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-key")

    result = evaluate(good_run)

    assert result.exit_code == 1
    assert "is not an empty folder" in result.output


def evaluate(out: Path) -> Result:
    before = signal.getsignal(signal.SIGTERM)
    try:
        return CliRunner().invoke(app, ["evaluate", "--out", str(out)], env={"COLUMNS": "200"})
    finally:
        signal.signal(signal.SIGTERM, before)
