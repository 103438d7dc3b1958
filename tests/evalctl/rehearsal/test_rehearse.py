"""A rehearsal that fails reports the cause and leaves no files; .ci/run runs complete rehearsals."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from ipaddress import ip_network
from pathlib import Path

import pytest

from environments.dev import DEV
from environments.registry import ENVIRONMENTS
from stacks.base import PROVIDER_VERSION
from tests.evalctl.conftest import edit, invoked
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
    """A rehearsal that writes `results.json`, where an earlier one has written."""
    (checkout / "results.json").write_text("earlier")
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "evalctl.main", "rehearse", "dev", "--only", "aws"),
            *("--json", "results.json"),
        ],
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


@pytest.mark.rehearsal
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_rehearsal_leaves_its_results_and_no_server_and_no_other_file(
    checkout: Path, number: signal.Signals
) -> None:
    rehearsal = start(checkout)
    port = emulator_port(checkout)
    assert (checkout / "results.json").read_text() == ""
    rehearsal.send_signal(number)
    rehearsal.communicate(timeout=60)
    assert rehearsal.returncode == 128 + number
    results = json.loads((checkout / "results.json").read_text())
    assert results["passed"] is False
    assert results["errors"] == ["The rehearsal was interrupted before its end."]
    assert list((checkout.parent / "scratch").iterdir()) == []
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the emulator still listens"


@pytest.mark.rehearsal
def test_a_failure_has_terraforms_message_with_the_resource(checkout: Path) -> None:
    network = checkout / "rendered" / "dev" / "terraform" / "network" / "cdk.tf.json"
    too_large = str(ip_network(DEV.network.vpc_cidr).supernet(new_prefix=8))
    edit(network, f'"{DEV.network.vpc_cidr}"', f'"{too_large}"')
    rehearsal = start(checkout)
    _, errors = rehearsal.communicate(timeout=180)
    message = " ".join(errors.split())
    assert rehearsal.returncode == 1
    assert "The rehearsal of dev failed" in message
    assert "aws_vpc.vpc" in message
    results = json.loads((checkout / "results.json").read_text())
    assert results["passed"] is False
    assert "aws_vpc.vpc" in results["errors"][0]
    assert "Traceback" not in message
    assert list((checkout.parent / "scratch").iterdir()) == []


def refused(checkout: Path, *arguments: str, **variables: str) -> str:
    """The error of a rehearsal that does not start."""
    result = invoked(checkout, "rehearse", *arguments, variables=variables)
    assert result.returncode == 1
    assert result.stdout == ""
    return result.stderr


def test_an_unknown_environment_is_refused_with_the_known_ones(checkout: Path) -> None:
    known = ", ".join(env.name for env in ENVIRONMENTS)
    assert f"no environment 'qa'. Known: {known}" in refused(checkout, "qa")


def test_an_unknown_half_is_refused_with_the_known_ones(checkout: Path) -> None:
    error = refused(checkout, "dev", "--only", "network")
    assert "--only network: there is no such half. Use aws or cluster." in error


@pytest.mark.parametrize("options", [(), ("--only", "cluster"), ("--full",), ("--keep",)])
def test_a_cluster_without_programs_is_refused_with_how_to_get_them(
    checkout: Path, options: tuple[str, ...]
) -> None:
    error = refused(checkout, "dev", *options, CLUSTER_PROGRAMS="")
    assert "The cluster of dev cannot be rehearsed." in error
    assert "CLUSTER_PROGRAMS is not set. Set CLUSTER_PROGRAMS to a folder" in error
    assert "`.ci/fetch programs FOLDER`" in error
    assert "To rehearse without a cluster: evalctl rehearse dev --only aws" in error


def test_each_missing_program_is_listed_on_its_own_line(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / f"kubernetes-{DEV.cluster.kubernetes_version}").mkdir()
    error = refused(checkout, "dev", CLUSTER_PROGRAMS=str(tmp_path))
    lines = [line for line in error.splitlines() if line.endswith("is missing or no program")]
    assert len(lines) > 10
    assert f"  • {tmp_path}/kwok is missing or no program" in lines


@pytest.mark.parametrize("options", [("--keep",), ("--full",)])
def test_an_option_of_the_cluster_is_refused_for_the_other_half(
    checkout: Path, options: tuple[str, ...]
) -> None:
    error = refused(checkout, "dev", "--only", "aws", *options)
    assert f"{options[0]} is about the cluster, which --only aws leaves out." in error


def test_results_that_cannot_be_written_are_reported_before_the_work(
    checkout: Path, tmp_path: Path
) -> None:
    error = refused(checkout, "dev", "--only", "aws", "--json", str(tmp_path / "none" / "file"))
    assert f"--json {tmp_path}/none/file cannot be written: No such" in error
    assert "Name another file, in a folder that exists." in error
    assert "evalctl render" not in error


def test_a_refused_rehearsal_leaves_earlier_results_as_they_are(
    checkout: Path, tmp_path: Path
) -> None:
    earlier = tmp_path / "results.json"
    earlier.write_text("earlier")
    refused(checkout, "dev", "--json", str(earlier), CLUSTER_PROGRAMS="")
    assert earlier.read_text() == "earlier"
