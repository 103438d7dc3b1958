"""The list of commands, and common mistakes: each is reported in a sentence, without a traceback."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalctl import main
from evalctl.commands import names
from tests.evalctl.conftest import evalctl, invoked, own
from tests.evalctl.plans.fake_terraform import Terraform
from tests.support.paths import ROOT


@pytest.mark.parametrize("name", main.PANEL_OF)
def test_the_list_of_commands_has_one_short_sentence_for_each(name: str) -> None:
    function = main.load(name).callback
    assert function is not None
    summary = (function.__doc__ or "").partition("\n\n")[0]
    assert "\n" not in summary.strip()
    assert 20 < len(summary) <= 96, "it must fit a terminal's line beside the name"
    assert summary[0].isupper()
    assert summary.endswith(".")


def test_each_module_of_commands_is_a_command() -> None:
    modules = {file.stem for file in (ROOT / "evalctl/commands").glob("[!_]*.py")}
    assert modules == {name.replace("-", "_") for name in main.PANEL_OF}


def test_a_run_imports_the_module_of_its_command_only() -> None:
    program = "import sys; from evalctl import main; main.load('names'); print(*sys.modules)"
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = [name for name in result.stdout.split() if name.startswith("evalctl.commands.")]
    assert loaded == ["evalctl.commands.names"]


def refused(result: subprocess.CompletedProcess[str], *sentences: str) -> None:
    assert result.returncode == 1
    for sentence in sentences:
        assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert "Errno" not in result.stderr
    assert (
        result.stdout.strip() == "" or "starting" in result.stdout
    )  # the progress bars of a render, which stop there


@pytest.fixture
def taken(checkout: Path) -> Iterator[Path]:
    """A file in the place of the folder that a command is to create."""
    file = checkout / "taken"
    file.write_text("mine")
    yield file
    assert file.read_text() == "mine"


@pytest.fixture
def values(tmp_path: Path) -> Path:
    """A checkout that holds the environments and nothing else."""
    shutil.copytree(ROOT / "environments", tmp_path / "environments")
    return tmp_path


def test_a_file_in_the_place_of_plans_folder_is_reported_by_its_name(
    checkout: Path, taken: Path, fake_terraform: Terraform
) -> None:
    result = invoked(checkout, "plan", "dev", "--out", "taken")
    refused(result, "taken/plans cannot be used: Not a directory. Name another file or folder")
    assert fake_terraform.called() == []


@pytest.mark.parametrize(("out", "place"), [("taken/below", "taken"), ("/proc/below", "/proc/")])
def test_a_place_where_render_cannot_write_is_reported_by_its_name(
    checkout: Path, taken: Path, out: str, place: str
) -> None:
    result = evalctl(checkout, "render", "--out", out)
    refused(result, place, " cannot be used: ", "Name another file or folder")


def test_a_file_to_scan_that_does_not_exist_is_reported(checkout: Path) -> None:
    refused(invoked(checkout, "secret-scan", "nothing.txt"), "nothing.txt cannot be used: No such")


@pytest.mark.parametrize(
    ("command", "program", "how"),
    [
        (("secret-scan",), "git", "apt-get install git"),
        (("changed-stacks", "--base", "main"), "git", "apt-get install git"),
        (("rendered-diff", "--base", "main"), "git", "apt-get install git"),
        (("charts-diff", "--base", "main"), "helm", "`make setup`"),
        (("plan", "dev", "--out", "out"), "terraform", "1.11 or newer"),
        (("apply-approved",), "terraform", "1.11 or newer"),
        (("board-pages",), "prometheus", "apt-get install prometheus"),
        (("board-pages",), "promtool", "apt-get install prometheus"),
        (("rehearse", "dev"), "terraform", "1.11 or newer"),
        (("quotas", "dev", "--live"), "aws", "the AWS command line"),
    ],
)
def test_a_missing_program_is_reported_with_how_to_get_it_before_anything_is_written(
    values: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    program: str,
    how: str,
) -> None:
    monkeypatch.setenv("PATH", str(values / "no-programs"))
    result = invoked(values, *command)
    refused(result, "nothing was done", f"{program} is not installed: {how}")
    assert not (values / "out").exists()
    assert not (values / "board-pages").exists()


def test_a_deploy_without_an_approval_reports_what_sets_it(
    checkout: Path, fake_terraform: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("APPROVED_PLANS", raising=False)
    result = invoked(checkout, "apply-approved")
    refused(result, "APPROVED_PLANS holds no approval: it is ''", "The workflow `deploy` sets it")
    assert fake_terraform.called() == []


def test_skips_that_cannot_be_read_are_reported_by_their_file(checkout: Path) -> None:
    skips = own(checkout, "evalctl") / "checks" / "policy_skips.toml"
    skips.write_text(f"{skips.read_text()}\nbroken =")
    refused(evalctl(checkout, "check"), "policy_skips.toml is not TOML: Invalid value")


def test_a_registry_without_environments_renders_nothing(checkout: Path) -> None:
    (checkout / "rendered" / "dev" / "k8s").mkdir(parents=True)
    registry = checkout / "environments" / "registry.py"
    registry.write_text(f"{registry.read_text()}\nENVIRONMENTS = ()\n")
    refused(evalctl(checkout, "render"), "environments/registry.py names no environment")
    assert (checkout / "rendered" / "dev" / "k8s").is_dir()


def test_an_os_error_without_a_file_name_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def known_environments() -> None:
        raise OSError("no file")

    monkeypatch.setattr(names, "known_environments", known_environments)
    result = CliRunner().invoke(main.app, ["names", "dev"])
    assert isinstance(result.exception, OSError)


def help_page(name: str, *, columns: int) -> str:
    result = CliRunner().invoke(main.app, [*name.split(), "-h"], env={"COLUMNS": str(columns)})
    assert result.exit_code == 0, result.output
    return re.sub("[\u2500-\u257f]", " ", result.output)  # without the lines of the boxes


NAMES = ["", *main.PANEL_OF]


@pytest.mark.parametrize("name", NAMES)
def test_help_fits_80_columns_without_a_cut_word_and_without_rare_characters(name: str) -> None:
    narrow = help_page(name, columns=80)
    assert max(map(len, narrow.splitlines())) <= 80
    assert set(narrow.split()) == set(help_page(name, columns=400).split())
    assert narrow.isascii(), "a terminal may lack the other characters"


@pytest.mark.parametrize("name", NAMES[1:])
def test_help_has_an_example_on_one_line_that_the_command_accepts(name: str) -> None:
    (line,) = re.findall(r"^ Example: (.*?) *$", help_page(name, columns=80), re.MULTILINE)
    found = re.search(r"(?:^|\()evalctl ([^()]+)", line)
    assert found is not None
    first, *arguments = shlex.split(found[1])
    assert first == name
    main.load(name).make_context(name, arguments)  # exits if the arguments are not accepted


def test_the_version_is_printed_with_the_checkout_to_which_it_belongs() -> None:
    result = CliRunner().invoke(main.app, ["--version"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert result.exit_code == 0
    assert result.output.startswith(f"evalctl {project['version']} in {ROOT}, Python 3.")
