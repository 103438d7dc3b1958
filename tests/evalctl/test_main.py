"""What a newcomer types first: the list of commands, and mistakes that are answered by a sentence."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from evalctl import main
from tests.evalctl.conftest import evalctl
from tests.evalctl.plans.fake_terraform import Terraform

COMMANDS = main.app.registered_commands


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_found_in_the_module_of_its_name(command: typer.models.CommandInfo) -> None:
    assert command.name is not None
    assert command.callback is not None
    module = command.name.replace("-", "_")
    assert command.callback.__module__ == f"evalctl.commands.{module}"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_list_of_commands_has_one_short_sentence_for_each(
    command: typer.models.CommandInfo,
) -> None:
    assert command.callback is not None
    summary = (command.callback.__doc__ or "").partition("\n\n")[0]
    assert "\n" not in summary.strip()
    assert 20 < len(summary) <= 96, "it must fit a terminal's line beside the name"
    assert summary[0].isupper()
    assert summary.endswith(".")


def refused(told: subprocess.CompletedProcess[str], *sentences: str) -> None:
    assert told.returncode == 1
    for sentence in sentences:
        assert sentence in told.stderr
    assert "Traceback" not in told.stderr
    assert "Errno" not in told.stderr
    assert (
        told.stdout.strip() == "" or "starting" in told.stdout
    )  # a render's bars, which stop there


@pytest.fixture
def taken(checkout: Path) -> Iterator[Path]:
    """A file where a command is told to make a folder."""
    file = checkout / "taken"
    file.write_text("mine")
    yield file
    assert file.read_text() == "mine"


def test_a_plan_into_a_file_is_told_by_the_files_name(
    checkout: Path, taken: Path, terraform_says: Terraform
) -> None:
    told = evalctl(checkout, "plan", "dev", "--out", "taken")
    refused(told, "taken/plans cannot be used: Not a directory. Name another file or folder")
    assert terraform_says.called() == []


@pytest.mark.parametrize(("out", "place"), [("taken/below", "taken"), ("/proc/below", "/proc/")])
def test_a_render_to_where_nothing_can_be_written_is_told_by_the_place(
    checkout: Path, taken: Path, out: str, place: str
) -> None:
    told = evalctl(checkout, "render", "--out", out)
    refused(told, place, " cannot be used: ", "Name another file or folder")


def test_a_file_to_scan_that_is_not_there_is_told(checkout: Path) -> None:
    refused(evalctl(checkout, "secret-scan", "nothing.txt"), "nothing.txt cannot be used: No such")


@pytest.mark.parametrize(
    ("command", "program", "how"),
    [
        (("secret-scan",), "git", "apt-get install git"),
        (("changed-stacks", "--base", "main"), "git", "apt-get install git"),
        (("rendered-diff", "--base", "main"), "git", "apt-get install git"),
        (("plan", "dev", "--out", "out"), "terraform", "1.11 or newer"),
        (("apply-approved",), "terraform", "1.11 or newer"),
        (("board-pages",), "prometheus", "apt-get install prometheus"),
        (("board-pages",), "promtool", "apt-get install prometheus"),
        (("rehearse", "dev"), "terraform", "1.11 or newer"),
    ],
)
def test_a_missing_program_is_told_with_how_to_get_it_before_anything_is_written(
    checkout: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    program: str,
    how: str,
) -> None:
    monkeypatch.setenv("PATH", str(checkout / "no-programs"))
    result = evalctl(checkout, *command)
    refused(result, "nothing was done", f"{program} is not installed: {how}")
    assert not (checkout / "out").exists()
    assert not (checkout / "board-pages").exists()


def test_a_deploy_without_an_approval_says_what_sets_it(
    checkout: Path, terraform_says: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APPROVED_PLANS", raising=False)
    told = evalctl(checkout, "apply-approved")
    refused(told, "APPROVED_PLANS holds no approval: it is ''", "The workflow `deploy` sets it")
    assert terraform_says.called() == []


def test_skips_that_cannot_be_read_are_told_by_their_file(checkout: Path) -> None:
    skips = checkout / "evalctl" / "checks" / "policy_skips.toml"
    skips.write_text(f"{skips.read_text()}\nbroken =")
    refused(evalctl(checkout, "check"), "policy_skips.toml is not TOML: Invalid value")


def test_a_registry_without_environments_renders_nothing(checkout: Path) -> None:
    (checkout / "rendered" / "dev" / "k8s").mkdir(parents=True)
    registry = checkout / "environments" / "registry.py"
    registry.write_text(f"{registry.read_text()}\nENVIRONMENTS = ()\n")
    refused(evalctl(checkout, "render"), "environments/registry.py names no environment")
    assert (checkout / "rendered" / "dev" / "k8s").is_dir()


def test_an_error_of_the_system_that_names_no_file_keeps_its_place_in_the_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def app() -> None:
        raise OSError("no file")

    monkeypatch.setattr(main, "app", app)
    with pytest.raises(OSError, match="no file"):
        main.run()
