"""Failures of the machine: each is one line that describes what, where and what to do."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.tools import HANGS_SECONDS

EVALCTL = (sys.executable, "-m", "evalctl.main")


def run(
    *command: str, folder: Path = ROOT, stdout: int = subprocess.PIPE, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), **variables},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        timeout=HANGS_SECONDS,
        check=False,
    )


def reported(result: subprocess.CompletedProcess[str], *parts: str, status: int = 1) -> None:
    assert result.returncode == status, result.stderr
    (line,) = result.stderr.splitlines()
    for part in parts:
        assert part in line
    assert "Errno" not in line


def closed_pipe() -> int:
    read, write = os.pipe()
    os.close(read)
    return write


def full_disk() -> int:
    return os.open("/dev/full", os.O_WRONLY)


@pytest.mark.parametrize(
    ("command", "stdout", "problem"),
    [
        ("names dev", full_disk, "No space left on device. Free space on the disks of "),
        ("quotas dev", full_disk, "No space left on device. Free space on the disks of "),
        ("--help", full_disk, "No space left on device. Free space on the disks of "),
        ("names dev", closed_pipe, "ended before all was printed. Run the command without it"),
        ("quotas dev", closed_pipe, "ended before all was printed. Run the command without it"),
    ],
)
def test_output_that_cannot_be_written_is_reported(
    command: str, stdout: Callable[[], int], problem: str
) -> None:
    descriptor = stdout()
    try:
        reported(run(*EVALCTL, *command.split(), stdout=descriptor), problem)
    finally:
        os.close(descriptor)


def test_a_closed_standard_output_is_reported() -> None:
    closed = ("sh", "-c", 'exec "$@" >&-', "sh", *EVALCTL, "names", "dev")
    reported(run(*closed), "The standard output is closed. Open it, or send it to /dev/null")


def test_a_file_that_outgrows_the_disk_is_reported(checkout: Path) -> None:
    shutil.copytree(ROOT / "docs", checkout / "docs", ignore=shutil.ignore_patterns("*.png"))
    (checkout / "docs" / "telemetry.md").write_text("old")
    result = subprocess.run(
        [*EVALCTL, "docs"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000)),
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )
    reported(result, "cannot be written: File too large. Free space on", str(checkout))


def test_an_interrupt_is_reported(tmp_path: Path) -> None:
    git = tmp_path / "git"
    git.write_text('#!/bin/sh\ntouch "$0-started"\nexec sleep 100\n')
    git.chmod(0o755)
    process = subprocess.Popen(
        [*EVALCTL, "changed-stacks", "--base", "main"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        # A parent in the background ignores the signal, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "git-started").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.splitlines() == ["Stopped by Ctrl-C. Run the same command again."]


def test_a_missing_temporary_folder_is_reported() -> None:
    result = run(*EVALCTL, "names", "dev", TMPDIR="/nowhere")
    reported(result, "TMPDIR is /nowhere, which is not a folder", "Create it, or unset TMPDIR.")


def test_a_wrong_node_is_reported_by_a_render(tmp_path: Path) -> None:
    result = run(*EVALCTL, "render", "--out", str(tmp_path / "out"), JSII_NODE="/nowhere")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert "JSII_NODE is /nowhere, which is not a file. Unset JSII_NODE" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("command", ["plan-guard --help", "plan-guard zażółć.json --env dev"])
def test_a_terminal_without_unicode_gets_every_message(encoding: str, command: str) -> None:
    result = run(*EVALCTL, *command.split(), PYTHONIOENCODING=encoding)
    assert result.returncode == (0 if "--help" in command else 1)
    assert "Traceback" not in result.stderr
    assert "--help" in command or "za\\u017c" in result.stderr


# A finder that hides every package that requirements.lock does not install.
_HIDE = """
import sys
class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hidden())
"""


@pytest.fixture
def hiding(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder for the PYTHONPATH: with it, Python has only the packages of `make render`."""
    lock = (ROOT / "requirements.lock").read_text()
    installed = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
    hidden = {
        module
        for module, distributions in packages_distributions().items()
        if not installed & {re.sub(r"[-_.]+", "-", name).lower() for name in distributions}
        and not (ROOT / module).exists()
        and module not in ("pip", "_virtualenv", "_distutils_hack")
    }
    assert {"checkov", "boto3", "plotly", "chdb", "detect_secrets"} <= hidden
    folder = tmp_path_factory.mktemp("hiding")
    (folder / "sitecustomize.py").write_text(_HIDE.format(names=sorted(hidden)))
    return f"{ROOT}{os.pathsep}{folder}"


@pytest.mark.parametrize(
    ("command", "place", "package"),
    [
        ("check", "evalctl/checks/policy.py", "checkov"),
        ("rehearse dev", "evalctl/rehearsal/cluster/cluster.py", "lightkube"),
        ("board-pages", "evalctl/board_pages/drawing.py", "plotly"),
        ("secret-scan README.md", "evalctl/checks/secret_patterns.py", "detect_secrets"),
    ],
)
def test_a_missing_package_is_reported_with_the_target_that_installs_it(
    hiding: str, command: str, place: str, package: str
) -> None:
    result = run(*EVALCTL, *command.split(), PYTHONPATH=hiding)
    reported(result, f"{place}:", f"needs the package {package},", f"Run `make setup` in {ROOT}")


def test_a_virtual_environment_of_another_folder_is_reported_by_make(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for file in (
        "requirements.lock",
        "requirements-installer.lock",
        "pyproject.toml",
        ".venv/.rendering",
    ):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    settings = tmp_path / ".venv" / "pyvenv.cfg"
    settings.write_text("command = /usr/bin/python3 -m venv /old/place/.venv\n")
    result = run("make", "render", folder=tmp_path)
    assert result.returncode == 2
    assert "was made in another folder" in result.stderr
    assert "Run: make clean setup" in result.stderr
    settings.write_text(f"command = /usr/bin/python3 -m venv {tmp_path}/.venv\n")
    assert "another folder" not in run("make", "render", folder=tmp_path).stderr


def test_every_target_that_a_message_names_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {
        target
        for folder in ("bindings", "environments", "evalctl", "evals")
        for file in (ROOT / folder).rglob("*.py")
        for command in re.findall(r"`make ([a-z -]+)`", file.read_text())
        for target in command.split()
    }
    assert {"render", "setup", "clean"} <= named
    assert named <= targets
