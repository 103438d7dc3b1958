"""Render, release and promote are stopped at random moments; the next run has all that they need."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from environments.images import Image
from environments.prod import PROD
from tests.evalctl.conftest import evalctl
from tests.evalctl.rendering.test_tree import contents
from tests.evalctl.test_release import commit, images_file, set_digest
from tests.support.tools import HANGS_SECONDS

RUNS = int(os.environ.get("KILLED_RUNS", "20"))
BUILT = "sha256:" + 32 * "b0"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
COMMANDS = (
    ("render",),
    ("release", "worker", BUILT, "--env", "dev"),
    ("promote", "worker", "--to", "prod"),
)


@pytest.fixture
def checkout(checkout: Path, rendered: Path) -> Path:
    shutil.copytree(rendered, checkout / "rendered")
    (checkout / "tmp").mkdir()
    return checkout


def start(checkout: Path, *command: str, ignored: bool = False) -> subprocess.Popen[str]:
    program = [sys.executable, "-m", "evalctl.main", *command]
    if ignored:  # as a background job of a shell and nohup do
        program = ["/bin/sh", "-c", 'trap "" INT HUP; exec "$@"', "sh", *program]
    return subprocess.Popen(
        program,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "TMPDIR": str(checkout / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def state(checkout: Path) -> dict[str, str]:
    return {"images.json": images_file(checkout).read_text(), **contents(checkout / "rendered")}


def left_behind(checkout: Path) -> list[str]:
    """What a run left besides its results."""
    folders = (checkout, checkout / ".evalctl", checkout / "tmp", checkout / "environments")
    known = {".evalctl", ".git", "lock", ".gitignore"}
    hidden = [e for f in folders if f.exists() for e in f.iterdir() if e.name.startswith(".")]
    scratch = [*(checkout / ".evalctl").glob("*"), *(checkout / "tmp").iterdir()]
    return sorted({str(e) for e in (*hidden, *scratch) if e.name not in known})


@pytest.mark.rehearsal
def test_runs_that_are_stopped_at_random_moments_lose_nothing(checkout: Path) -> None:
    """Terraform's state is in the folders all the time; a full run shows how long a run takes."""
    chance = random.Random(14)
    kept = {
        checkout / "rendered" / environment / "terraform" / "state" / name: f"{environment} {name}"
        for environment in ("dev", "prod")
        for name in ("terraform.tfstate", "backend_override.tf.json")
    }
    for file, text in kept.items():
        file.write_text(text)
    set_digest(checkout, str(PROD.promotes_from), Image.WORKER, BUILT)
    commit(checkout)
    before = state(checkout)
    began = time.monotonic()
    after = {}
    for command in COMMANDS:
        assert evalctl(checkout, *command).returncode == 0
        after[command] = state(checkout)
        restore(checkout, before)
    seconds = (time.monotonic() - began) / len(COMMANDS)

    for run in range(RUNS):
        command, number = COMMANDS[run % 3], SIGNALS[chance.randrange(3)]
        process = start(checkout, *command)
        time.sleep(chance.uniform(0.1, seconds * 1.1))
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
        case = (run, command, number, process.returncode, errors)
        # An interpreter that has not come to evalctl yet has nothing to clean, and prints its own traceback.
        assert not ("Traceback" in errors and f"{checkout}/evalctl" in errors), case
        assert process.returncode in (0, 128 + number, -number), case
        for file, text in kept.items():
            assert file.read_text() == text, case
        if number is not signal.SIGKILL:
            assert left_behind(checkout) == [], case
            assert state(checkout) in (before, after[command]), case

        result = evalctl(checkout, *command)
        assert result.returncode == 0, (case, result.stderr)
        assert state(checkout) == after[command], case
        assert left_behind(checkout) == [], case
        restore(checkout, before)


def restore(checkout: Path, before: dict[str, str]) -> None:
    images_file(checkout).write_text(before["images.json"])
    for path, text in before.items():
        if path != "images.json":
            (checkout / "rendered" / path).write_text(text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_render_with_one_line_even_when_the_parent_ignores_it(
    checkout: Path, number: signal.Signals
) -> None:
    before = state(checkout)
    process = start(checkout, "render", ignored=True)
    wait_for(checkout / ".evalctl" / "temporary")
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    by = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}[number]
    assert (process.returncode, errors) == (
        128 + number,
        f"Stopped by {by}. Run the same command again.\n",
    )
    assert state(checkout) == before
    assert left_behind(checkout) == []


@pytest.mark.rehearsal
def test_a_second_render_waits_for_the_first(checkout: Path) -> None:
    first = start(checkout, "render", "--env", "dev")
    wait_for(checkout / ".evalctl" / "temporary")
    first.send_signal(signal.SIGSTOP)  # it must not end before the second starts
    second = start(checkout, "render", "--env", "dev")
    assert second.stdout is not None
    printed = second.stdout.readline()
    first.send_signal(signal.SIGCONT)
    outputs = [process.communicate(timeout=HANGS_SECONDS) for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0], outputs
    waits = rf"Another evalctl \(process {first.pid}\) writes in this checkout; waiting for it"
    assert re.search(waits, printed)
    assert "Another" not in outputs[0][0]


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
