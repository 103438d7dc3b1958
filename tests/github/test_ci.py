"""The scripts of CI read the environments from the registry, so that a new one needs no line there."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from environments.registry import ENVIRONMENTS
from tests.github.test_scripts import STAND_IN, Sandbox, run_step, sandbox, step
from tests.support import tools
from tests.support.paths import ROOT

__all__ = ["sandbox"]
NAMES = [env.name for env in ENVIRONMENTS]


@pytest.fixture
def checkout(sandbox: Sandbox) -> Sandbox:
    """The scripts and the values, and stand-ins for what `.ci/run` starts."""
    for folder in (".ci", "environments"):
        shutil.copytree(ROOT / folder, sandbox.folder / folder)
    for program in ("dpkg-query", "git", "make"):
        file = sandbox.folder / "bin" / program
        file.write_text(STAND_IN)
        file.chmod(0o755)
    return sandbox


def add_environment(folder: Path, name: str) -> None:
    registry = folder / "environments" / "registry.py"
    more = f'from dataclasses import replace\nENVIRONMENTS += (replace(DEV, name="{name}"),)\n'
    registry.write_text(f"{registry.read_text()}\n{more}")


def test_the_environments_are_those_of_the_registry_from_every_folder(checkout: Sandbox) -> None:
    add_environment(checkout.folder, "qa")
    listed = subprocess.run(
        [checkout.folder / ".ci" / "environments"],
        cwd=checkout.folder / "environments",
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert listed.splitlines() == [*NAMES, "qa"]


def test_a_rehearsal_runs_for_every_environment(checkout: Sandbox) -> None:
    add_environment(checkout.folder, "qa")
    result = checkout.run(
        checkout.folder / ".ci" / "run", "bench", "rehearse", TF_PROVIDER_MIRROR="none"
    )
    assert result.returncode == 0, result.stdout + result.stderr
    started = [call for call in checkout.calls() if call.startswith("make rehearse ")]
    assert sorted(started) == sorted(f"make rehearse ENV={name}" for name in (*NAMES, "qa"))
    assert "make bench" in checkout.calls()


def test_a_registry_that_cannot_be_read_fails_before_the_work(checkout: Sandbox) -> None:
    (checkout.folder / "environments" / "registry.py").write_text("broken =")
    result = checkout.run(checkout.folder / ".ci" / "run", "rehearse", TF_PROVIDER_MIRROR="none")
    assert result.returncode != 0
    assert "SyntaxError" in result.stderr
    assert checkout.calls() == []


def test_drift_is_checked_in_every_environment(checkout: Sandbox) -> None:
    tools.program("jq", get_it="apt-get install jq")
    add_environment(checkout.folder, "qa")
    run = step("drift", "environments", "List the environments")
    assert run_step(checkout, run).returncode == 0
    name, _, value = (checkout.folder / "output").read_text().partition("=")
    assert name == "names"
    assert json.loads(value) == [*NAMES, "qa"]
