"""A rehearsal that fails reports the cause and leaves no files; .ci/run runs complete rehearsals."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.names import Bucket, Names
from environments.registry import ENVIRONMENTS
from stacks.base import PROVIDER_VERSION
from tests.support import tools
from tests.support.paths import ROOT

START_SECONDS = 60


@pytest.fixture
def checkout(rendered: Path, tmp_path: Path) -> Path:
    """A checkout with a `rendered/` that the test may change."""
    tools.program("terraform", get_it="install Terraform 1.11 or newer")
    tools.folder("TF_PROVIDER_MIRROR", holding=f"hashicorp/aws {PROVIDER_VERSION}")
    folder = tmp_path / "checkout"
    shutil.copytree(rendered, folder / "rendered")
    (folder / "environments").symlink_to(ROOT / "environments")
    (tmp_path / "scratch").mkdir()
    return folder


def start(checkout: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "evalctl.main", "rehearse", "dev"],
        cwd=checkout,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(checkout.parent / "scratch"),
            # The user's own settings, which the rehearsal must ignore.
            "AWS_ENDPOINT_URL": "https://ec2.amazonaws.com",
            "AWS_PROFILE": "production",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def emulator_port(checkout: Path) -> int:
    """The port of the emulator, once it has started."""
    for _ in range(START_SECONDS * 10):
        for log in (checkout.parent / "scratch").glob("rehearsal-*/emulator.log"):
            if address := re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()):
                return int(address[1])
        time.sleep(0.1)
    raise AssertionError("the emulator did not start")


def test_an_interrupted_rehearsal_leaves_no_server_and_no_file(checkout: Path) -> None:
    rehearsal = start(checkout)
    port = emulator_port(checkout)
    rehearsal.send_signal(signal.SIGINT)
    rehearsal.communicate(timeout=60)
    assert rehearsal.returncode != 0
    assert list((checkout.parent / "scratch").iterdir()) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the emulator still listens"


@pytest.mark.rehearsal
def test_a_failure_has_terraforms_message_with_the_resource(checkout: Path) -> None:
    state = checkout / "rendered" / "dev" / "terraform" / "state" / "cdk.tf.json"
    name = f'"{Names(DEV).bucket(Bucket.ACCESS_LOGS)}"'
    assert name in state.read_text()
    state.write_text(state.read_text().replace(name, '"Not A Bucket"'))
    rehearsal = start(checkout)
    _, errors = rehearsal.communicate(timeout=180)
    message = " ".join(errors.split())
    assert rehearsal.returncode == 1
    assert "The rehearsal of dev failed" in message
    assert "aws_s3_bucket.access-logs" in message
    assert "Traceback" not in message
    assert list((checkout.parent / "scratch").iterdir()) == []


def test_an_unknown_environment_is_refused_with_the_known_ones(checkout: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "evalctl.main", "rehearse", "qa"],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    known = ", ".join(env.name for env in ENVIRONMENTS)
    assert f"no environment 'qa'. Known: {known}" in result.stderr
