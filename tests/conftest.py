"""Fixtures: every environment is rendered once per session, and all tests read this output."""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

from environments.names import App, Names, Stack
from environments.registry import ENVIRONMENTS
from evalctl.processes import GO_VARIABLES
from tests.support.manifests import Manifest
from tests.support.paths import ROOT
from tests.support.subnets import addresses_by_tier
from tests.support.terraform import Stacks, Terraform
from tests.support.tools import program
from tests.support.warm_aws import warm_aws

os.environ.update({**GO_VARIABLES, **os.environ})
gc.disable()  # while tests are collected: almost all that is made then stays


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of `evalctl render` for every environment; xdist's workers share it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "fresh" / "rendered"
    with FileLock(shared / "rendered.lock"):
        if not folder.exists():
            evalctl = [sys.executable, "-m", "evalctl.main", "render", "--out", str(folder)]
            # Rendering must work with Python alone, without terraform or Node on the machine.
            no_programs = {**os.environ, "PATH": str(shared / "no-programs")}
            subprocess.run(evalctl, cwd=ROOT, env=no_programs, check=True)
    return folder


@pytest.fixture(scope="session")
def terraform(rendered: Path) -> dict[str, dict[Stack, Terraform]]:
    """Environment name → stack → its Terraform."""
    return {
        env.name: {
            stack: Terraform.read(rendered / env.name / "terraform" / stack / "cdk.tf.json")
            for stack in Stack
        }
        for env in ENVIRONMENTS
    }


@pytest.fixture
def subnets(name: str, terraform: Stacks) -> dict[str, list[str]]:
    """Tier → the first and the last address of each subnet of the environment `name`."""
    return addresses_by_tier(terraform[name])


@pytest.fixture(scope="session")
def manifests(rendered: Path) -> dict[str, dict[App, list[Manifest]]]:
    """Environment name → app → its Kubernetes objects."""
    return {
        env.name: {app: _objects(rendered / env.name / "k8s" / app) for app in App}
        for env in ENVIRONMENTS
    }


@pytest.fixture(scope="session")
def observation(rendered: Path) -> dict[str, list[Manifest]]:
    """Environment name → the observation plane's objects."""
    return {env.name: _objects(rendered / env.name / "dashboards") for env in ENVIRONMENTS}


@pytest.fixture(scope="session")
def argocd(rendered: Path) -> dict[str, list[Manifest]]:
    """Environment name → Argo CD's objects."""
    return {env.name: _objects(rendered / env.name / "argocd") for env in ENVIRONMENTS}


@pytest.fixture(scope="session")
def names() -> dict[str, Names]:
    """Environment name → its names."""
    return {env.name: Names(env) for env in ENVIRONMENTS}


@pytest.fixture(scope="session")
def aws_command() -> Iterator[str]:
    """How a shell calls AWS's command line, without its start."""
    program("aws", get_it="pip install awscli")
    with warm_aws() as command:
        yield command


def _objects(folder: Path) -> list[Manifest]:
    return [
        yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
        for path in sorted(folder.glob("*.yaml"))
    ]


def pytest_configure() -> None:
    """SIGTERM ends a run as Ctrl-C does, so that the servers which fixtures started end too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Leave out of garbage collections what lives until the end: thousands of tests and the modules they use."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, where every real tool must be installed, a skipped test is a failed test.

    Charts come from the internet only: their tests may be skipped unless REQUIRE_CHARTS is 1. So may those
    with the packages of Pulumi and AWS CDK, which `make bench-peers` installs; it checks the same itself.
    """
    report = yield
    if report.skipped and os.environ.get("REQUIRE_REAL_TOOLS") == "1":
        may_be_skipped = item.get_closest_marker("peers") or (
            item.get_closest_marker("charts")
            and "CHART_DIR" not in os.environ
            and os.environ.get("REQUIRE_CHARTS") != "1"
        )
        if not may_be_skipped:
            report.outcome = "failed"
    return report
