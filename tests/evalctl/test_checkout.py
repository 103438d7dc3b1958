"""A command works on the checkout around the current folder, and on no other."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalctl import checkout, main
from tests.support.paths import ROOT

COMMANDS = (
    ("render",),
    ("docs",),
    ("check",),
    ("rehearse", "dev"),
    ("bootstrap", "dev"),
    ("teardown", "dev"),
    ("plan", "dev", "--out", "out"),
    ("changed-stacks", "--base", "HEAD"),
    ("rendered-diff", "--base", "HEAD"),
    ("charts-diff", "--base", "HEAD"),
    ("secret-scan",),
    ("board-pages",),
    ("demo",),
)


@pytest.fixture(params=["no checkout", "another checkout"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "another checkout":
        shutil.copytree(ROOT / "environments", tmp_path / "environments")
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_outside_the_checkout_reports_where_to_run_it_and_writes_nothing(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    before = sorted(elsewhere.rglob("*"))
    monkeypatch.chdir(elsewhere)
    result = CliRunner().invoke(main.app, command)
    assert result.exit_code == 1
    assert f"Run it inside {ROOT}" in result.output
    assert sorted(elsewhere.rglob("*")) == before


@pytest.mark.parametrize("folder", [".", "docs/decisions", "rendered/dev/k8s"])
def test_a_folder_of_the_checkout_is_found_from_every_folder_in_it(
    monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(ROOT / folder)
    assert checkout.root() == ROOT
    assert checkout.path("rendered") == ROOT / "rendered"


def test_a_folder_that_was_removed_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    result = CliRunner().invoke(main.app, ["render"])
    assert result.exit_code == 1
    assert f"The current folder was removed. Run this again inside {ROOT}" in result.output


def test_a_folder_with_a_link_to_the_values_is_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "environments").symlink_to(ROOT / "environments")
    monkeypatch.chdir(tmp_path)
    assert checkout.root() == tmp_path


def test_check_reads_the_same_folder_from_every_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def findings(rendered: Path, _: object) -> list[str]:
        read.append(rendered.resolve())
        return []

    monkeypatch.setattr("evalctl.checks.policy.findings", findings)
    monkeypatch.setattr("evalctl.checks.support_windows.warnings", lambda environments, today: [])
    monkeypatch.chdir(ROOT / "docs")
    assert CliRunner().invoke(main.app, ["check"]).exit_code == 0
    assert read == [ROOT / "rendered"]


@pytest.mark.parametrize("command", ["bootstrap", "teardown"])
def test_a_command_whose_paths_start_at_the_root_runs_there_and_prints_it(
    monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    ran_in = []
    module = {
        "bootstrap": "evalctl.lifecycle.bootstrap.bootstrap",
        "teardown": "evalctl.lifecycle.teardown.teardown",
    }
    monkeypatch.setattr(module[command], lambda *_, **__: ran_in.append(Path.cwd()))
    monkeypatch.chdir(ROOT / "docs")
    result = CliRunner().invoke(main.app, [command, "dev"])
    assert result.exit_code == 0, result.output
    assert ran_in == [ROOT]
    assert f"In {ROOT}:" in result.output
    assert Path.cwd() == ROOT / "docs"
