"""A rehearsal that is stopped at any moment ends every program that it started, and removes its folder."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from evalctl.processes import HOW_TO_GET
from tests.support import tools
from tests.support.paths import ROOT


def processes_in(folder: Path) -> list[str]:
    """The commands of the processes that work in this folder or below it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            works_in = str((process / "cwd").readlink()).removesuffix(" (deleted)")
            command = (process / "cmdline").read_text().replace("\0", " ")
        except OSError:  # it ended
            continue
        if Path(works_in).is_relative_to(folder):
            found.append(command)
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """A temporary folder with a short path: the providers make sockets in it."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def stopped(folder: Path, *options: str, when: str, number: signal.Signals) -> None:
    """Rehearse dev until a program of this name runs, stop it, and see that nothing is left."""
    tools.folder("CLUSTER_PROGRAMS", holding="the programs of a control plane")
    process = subprocess.Popen(
        [sys.executable, "-m", "evalctl.main", "rehearse", "dev", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 300
    while not any(when in command for command in processes_in(folder)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert any("moto_extras" in command for command in processes_in(folder))
    # A provider that is killed would leave its socket.
    assert [path.name for path in folder.iterdir() if not path.name.startswith("rehearsal-")] == []

    process.send_signal(number)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 128 + number, errors
    assert errors.startswith("Stopped by ")
    assert "Traceback" not in errors
    assert processes_in(folder) == []
    assert list(folder.iterdir()) == []


@pytest.mark.rehearsal
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_of_a_rehearsal_that_is_stopped_in_the_first_apply(
    folder: Path, number: signal.Signals
) -> None:
    tools.program("terraform", get_it=HOW_TO_GET["terraform"])
    stopped(folder, when="terraform-provider", number=number)


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("when", "number"),
    [
        ("kube-scheduler", signal.SIGINT),
        ("argocd-application-controller", signal.SIGTERM),
        ("prometheus-operator", signal.SIGINT),
    ],
    ids=["control plane", "bootstrap", "first sync"],
)
def test_nothing_is_left_of_a_cluster_that_is_stopped(
    folder: Path, when: str, number: signal.Signals
) -> None:
    stopped(folder, "--only", "cluster", when=when, number=number)
