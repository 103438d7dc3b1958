"""A checkout of this repository's sources, which a test may change, and the command run in it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType

import pytest
from typer.testing import CliRunner

from environments import images
from environments.registry import ENVIRONMENTS
from evalctl import checkout as evalctl_checkout
from evalctl import main
from evalctl.benchmarks.render import PACKAGES
from tests.evalctl.plans.fake_terraform import Terraform
from tests.support.paths import ROOT
from tests.support.tools import HANGS_SECONDS

KNOWN = ", ".join(env.name for env in ENVIRONMENTS)
# The first range that no environment uses, for a test that moves one.
FREE_CIDR = next(
    str(cidr)
    for cidr in ip_network("10.0.0.0/8").subnets(new_prefix=16)
    if not any(cidr.overlaps(ip_network(env.network.vpc_cidr)) for env in ENVIRONMENTS)
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The sources without `rendered/`, so that no test can depend on the real one."""
    return copy_sources(tmp_path)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The same with a copy of every package: for git, and for commands that run in the folder of one."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package)
    return tmp_path


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT interrupts the test; a shell that starts the tests in the background makes them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def copy_sources(folder: Path) -> Path:
    """Copy the values, and link the packages that render; a test that changes one of these calls `own` first."""
    for package in PACKAGES:
        (folder / package).symlink_to(ROOT / package)
    own(folder, "environments")
    return folder


def own(checkout: Path, package: str) -> Path:
    """A copy of the package, with its bytecode, instead of the link to it."""
    (checkout / package).unlink()
    return Path(shutil.copytree(ROOT / package, checkout / package))


def evalctl(checkout: Path, *arguments: str, folder: str = ".") -> subprocess.CompletedProcess[str]:
    """The command's result, run in a folder of the checkout."""
    return subprocess.run(
        [sys.executable, "-m", "evalctl.main", *arguments],
        cwd=checkout / folder,
        env={**os.environ, "PYTHONPATH": str(checkout), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )


def invoked(
    folder: Path, *arguments: str, variables: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    """The same without a new process, in a checkout with the sources of this one.

    An exception that the command line would print as a traceback is raised.
    """
    with pytest.MonkeyPatch.context() as patched, contextlib.chdir(folder):
        patched.setattr(evalctl_checkout, "_VALUES", folder / "environments")
        patched.setattr(images, "FILE", folder / "environments" / images.FILE.name)
        result = CliRunner().invoke(main.app, arguments, env={"COLUMNS": "200", **variables})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text, which must be there, in a file of a checkout: no link to a file of this repository."""
    assert not path.resolve().is_relative_to(ROOT), "call `own` first"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def activated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs that `make setup` installs are on the PATH, as after `source .venv/bin/activate`."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)


@pytest.fixture
def fake_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terraform:
    """A stand-in for terraform, first on the PATH."""
    fake = Terraform.install(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{fake.folder}{os.pathsep}{os.environ['PATH']}")
    return fake
