"""`evalctl checklist` prints the outcomes, and its exit status is theirs."""

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from evalctl import main
from evalctl.checks.registry import GO_LIVE, WIRING
from evalctl.parsed.environment import RenderedEnvironment

CHECKS = len((*GO_LIVE, *WIRING))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main.app, ["checklist", *arguments])


def test_a_filled_in_production_ends_with_zero(filled: RenderedEnvironment, tmp_path: Path) -> None:
    for path, text in filled.texts.items():
        file = tmp_path / "prod" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    result = run("prod", "--rendered", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "checks pass, 0 are waived" in result.output


def test_a_template_ends_with_one_and_lists_its_samples() -> None:
    result = run("prod")
    assert result.exit_code == 1
    assert f"prod: 1 of {CHECKS} checks fail, 0 are waived." in result.output
    assert "allowed_account_ids[0] = 222222222222: a sample" in result.output


def test_json_has_each_check_with_its_evidence() -> None:
    result = run("dev", "--format", "json")
    document = json.loads(result.stdout)
    assert result.exit_code == 1
    assert len(document["checks"]) == CHECKS
    for check in document["checks"]:
        assert check["status"] in ("pass", "fail", "waived")
        for finding in check["findings"]:
            assert finding["file"].startswith("rendered/dev")
            assert finding["line"] >= 1
    (lag,) = [check for check in document["checks"] if check["check"] == "queue-lag-alert"]
    # from the rule through the route and the receiver to the entry of the webhook
    assert lag["findings"][-1]["other"]["value"] == "dev/eval-platform/slack-webhooks"


def test_markdown_has_a_row_for_each_check() -> None:
    result = run("prod", "--format", "markdown")
    rows = [
        line
        for line in result.stdout.splitlines()
        if line.startswith(("| pass", "| fail", "| waived"))
    ]
    assert len(rows) == CHECKS


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    result = run("prod", "--rendered", str(tmp_path))
    assert result.exit_code == 1
    assert "make render" in result.output


def test_an_unknown_environment_is_reported() -> None:
    result = run("production")
    assert result.exit_code == 1
    assert "There is no environment 'production'" in result.output
