"""The files that the gate writes: for jq, for people, for ClickHouse."""

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest

from environments.names import CLICKHOUSE_DATABASE
from evalctl.board_pages.clickhouse import LocalClickhouse
from evals.gate import report, run
from evals.gate.markdown import markdown
from evals.gate.pins import PINS, Pins
from evals.gate.report import Report
from evals.gate.rows import rows
from telemetry.contract import EVALUATION_RESULTS
from tests.evals.runs import GOLDEN, Cases, change_results, decide, metrics_of, set_faithfulness
from tests.support.tools import program

FAITHFUL = f".summary.faithfulness > {PINS.metrics[0].required_mean:g}"


def jq(expression: str, written: Report, folder: Path) -> int:
    file = folder / "report.json"
    file.write_text(report.text(written))
    command = [program("jq", get_it="apt-get install jq"), "-e", expression, str(file)]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode


def test_the_published_schema_is_that_of_the_report() -> None:
    published = json.loads(report.SCHEMA.read_text())

    assert published == report.schema(), (
        "Publish the schema: python -m tests.evals.gate.test_report"
    )
    jsonschema.Draft202012Validator.check_schema(published)


def test_every_report_follows_the_published_schema(
    good_run: Path, run_pins: Pins, tmp_path: Path
) -> None:
    validator = jsonschema.Draft202012Validator(
        json.loads(report.SCHEMA.read_text()),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
    for written in (decide(good_run, run_pins), decide(tmp_path, run_pins)):
        validator.validate(json.loads(report.text(written)))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"summary": {"faithfulness": 1.0}})


def test_jq_and_the_gate_decide_the_same_about_faithfulness(
    good_run: Path, run_pins: Pins, tmp_path: Path
) -> None:
    passed = decide(good_run, run_pins)
    set_faithfulness(good_run, [0.9] * GOLDEN)
    reached = decide(good_run, run_pins)
    untrusted = decide(tmp_path / "nothing", run_pins)

    assert jq(FAITHFUL, passed, tmp_path) == 0
    assert jq(FAITHFUL, reached, tmp_path) == 1
    assert jq(FAITHFUL, untrusted, tmp_path) == 1
    assert (passed.verdict, reached.verdict, untrusted.verdict) == ("pass", "fail", "fail")


def test_a_report_can_be_read_back_as_the_next_baseline(
    good_run: Path, run_pins: Pins, tmp_path: Path
) -> None:
    written = decide(good_run, run_pins)
    (tmp_path / "report.json").write_text(report.text(written))

    assert report.read(tmp_path / "report.json") == written


def test_the_summary_lists_the_worst_cases_by_topic(good_run: Path, run_pins: Pins) -> None:
    set_faithfulness(good_run, [0.2, 1.0, 0.0, 1.0, 0.1, 0.1])

    page = markdown(decide(good_run, run_pins))

    assert "## Quality gate: failed" in page
    assert "| faithfulness | **0.871** | 0.9 |" in page
    below = page[page.index("### Below") :]
    assert below.index("releases (2 of 8 scores)") < below.index("secrets (2 of 12 scores)")
    assert below.index("`roll-back-release`") < below.index("`release-to-dev`")


def test_text_of_a_model_cannot_format_the_summary(good_run: Path, run_pins: Pins) -> None:
    set_faithfulness(good_run, [0.0])

    def inject(cases: Cases) -> None:
        metrics_of(cases[0])[0]["reason"] = "`x` | @everyone\n\n# Merged <b>[x](http://x.test)</b>"

    change_results(good_run, inject)

    page = markdown(decide(good_run, run_pins))

    assert "| `'x' \\| @everyone # Merged <b>[x](http://x.test)</b>` |" in page


def test_rows_have_the_columns_of_the_contract_and_clickhouse_accepts_them(
    good_run: Path, run_pins: Pins
) -> None:
    record = run.read(good_run / run.RECORD)
    written = rows(record, decide(good_run, run_pins).scores)
    table = f"{CLICKHOUSE_DATABASE}.{EVALUATION_RESULTS.name}"
    clickhouse = LocalClickhouse()

    clickhouse.run(f"INSERT INTO {table} FORMAT JSONEachRow\n{written}")

    for line in written.splitlines():
        assert list(json.loads(line)) == [column.name for column in EVALUATION_RESULTS.columns]
    assert clickhouse.run(
        f"SELECT count(), uniqExact(run_id), min(score), toUnixTimestamp64Milli(any(evaluated_at)),"
        f" toUnixTimestamp(any(built_at)) FROM {table} WHERE metric = 'faithfulness'"
    ).split("\t") == [
        str(GOLDEN),
        "1",
        "1",
        str(int(record.end.at.timestamp() * 1000) if record.end else 0),
        str(int(record.built_at.timestamp())),
    ]


def test_every_field_of_a_report_is_always_written(run_pins: Pins, tmp_path: Path) -> None:
    written = json.loads(report.text(decide(tmp_path, run_pins)))

    assert set(written) == set(Report.model_fields)
    assert written["run"] is None


if __name__ == "__main__":
    report.SCHEMA.write_text(json.dumps(report.schema(), indent=2, ensure_ascii=False) + "\n")
