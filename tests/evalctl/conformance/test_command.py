"""`evalctl conformance`: its input, its exit status, and what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evalctl import main
from evalctl.local_servers.postgres import programs_path
from tests.evalctl.conformance.conftest import open_folder, require_servers
from tests.evalctl.conftest import evalctl
from tests.support.paths import ROOT

ANYTHING = ("--orchestrator", "true", "--worker", "true")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("database", "--", "true"), "There is no image 'database'"),
        (("worker",), "Name the program to test after --"),
        (("worker", *ANYTHING, "--", "no-such-program"), "no-such-program is not a program here"),
        (("worker", *ANYTHING, "--only", "nothing", "--", "true"), "There is no check nothing"),
        (("orchestrator", *ANYTHING, "--chaos", "--", "true"), "--chaos is about workers"),
        (("worker", "--image", "i", "--", "true"), "either --image or a command"),
    ],
)
def test_bad_input_is_status_2_with_a_plain_message(
    arguments: tuple[str, ...], message: str
) -> None:
    result = CliRunner().invoke(main.app, ["conformance", *arguments], env={"COLUMNS": "200"})
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.rehearsal
def test_a_program_that_does_not_start_fails_its_checks_with_status_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    require_servers(monkeypatch)
    report = tmp_path / "report.json"
    result = evalctl(
        ROOT,
        *("conformance", "worker", *ANYTHING, "--only", "ready", "--json", str(report)),
        *("--", "sh", "-c", "echo no database; exit 3"),
    )
    assert result.returncode == 1, result.stderr
    assert "1 of 1 checks failed" in result.stderr
    assert "no database" in result.stdout  # the end of its log
    assert '"passed": false' in report.read_text()


def test_an_image_is_composed_and_not_run() -> None:
    arguments = ["conformance", "worker", "--image", "registry/worker@sha256:1"]
    result = CliRunner().invoke(main.app, arguments, env={"COLUMNS": "200"})
    assert result.exit_code == 0
    command = re.sub(r"\s+", " ", result.stdout)
    for part in (
        *("docker run --rm", "--read-only", "--user=10001:10001", "--cap-drop=ALL"),
        *("--tmpfs=/tmp", "--stop-timeout=105", "--env=JOB_MAX_SECONDS=900"),
        "--volume=ROOT/etc/eval-platform/redis:/etc/eval-platform/redis:ro",
        "registry/worker@sha256:1 This command was composed from the manifests. It was never run.",
    ):
        assert part in command


@pytest.mark.rehearsal
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_of_a_run_that_is_stopped(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    require_servers(monkeypatch)
    with open_folder() as folder:
        stop_a_run(folder, number)


def stop_a_run(folder: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "evalctl.main", "conformance", "worker", *ANYTHING),
            *("--", "sh", "-c", "sleep 600 & wait"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": programs_path(),
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(folder),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not any("sleep 600" in command for command in processes_of(folder)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert any("redis-server" in command for command in processes_of(folder))

    process.send_signal(number)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 128 + number, errors
    assert errors.startswith("Stopped by ")
    assert "Traceback" not in errors
    assert processes_of(folder) == []
    assert list(folder.iterdir()) == []


def processes_of(folder: Path) -> list[str]:
    """The commands of the processes that work in this folder, or whose home it is."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            works_in = str((process / "cwd").readlink()).removesuffix(" (deleted)")
            environment = (process / "environ").read_text(errors="replace")
            command = (process / "cmdline").read_text().replace("\0", " ")
        except OSError:  # it ended
            continue
        if Path(works_in).is_relative_to(folder) or f"HOME={folder}/" in environment:
            found.append(command)
    return found
