"""Every command works from every folder of the checkout, also of a real editable installation."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.evalctl.conftest import evalctl
from tests.evalctl.rendering.test_tree import contents
from tests.support.paths import ROOT
from tests.support.tools import HANGS_SECONDS

BUILT = "sha256:" + 32 * "b0"
# Their names shadow packages of this checkout (k8s, dashboards, argocd) or modules of Python and of its
# libraries (queue, secrets, database, registry), as folders or as modules.
FOLDERS = ("rendered/dev", "rendered/dev/k8s", "rendered/dev/terraform/state", "k8s", "stacks")
# They import every package that these folders shadow.
IMPORTING = (("docs",), ("release", "worker", BUILT, "--env", "dev"))
OTHERS = (
    ("names", "dev"),
    ("versions",),
    ("terraform-settings",),
    ("quotas", "dev"),
    ("changed-stacks", "--base", "HEAD"),
    ("rendered-diff", "--base", "HEAD"),
    ("charts-diff", "--base", "HEAD"),
    ("render", "--env", "dev"),
)


@pytest.fixture
def checkout(copied: Path, rendered: Path) -> Path:
    shutil.copytree(rendered, copied / "rendered")
    shutil.copytree(ROOT / "docs", copied / "docs")
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.com")
    for arguments in (("init", "-b", "main"), ("add", "."), ("commit", "-m", "all")):
        subprocess.run([*git, *arguments], cwd=copied, check=True, capture_output=True)
    return copied


@pytest.fixture
def installed(checkout: Path) -> Path:
    """The console script of an editable installation: Python finds the packages last, not by a path."""
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, checkout)
    shutil.copytree(ROOT / "evals", checkout / "evals")
    python = checkout / ".venv" / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    (packages,) = (checkout / ".venv").glob("lib/python3*/site-packages")
    (packages / "others.pth").write_text(sysconfig.get_path("purelib"))
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", checkout],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        check=True,
    )
    # What the first render of an installation makes and keeps; tests/bindings/ tests how.
    shutil.copytree(Path(sys.prefix, "var"), checkout / ".venv" / "var")
    return python.with_name("evalctl")


def wrote_the_release(checkout: Path) -> None:
    assert BUILT in (checkout / "environments" / "images.json").read_text()
    worker = contents(checkout / "rendered" / "dev" / "k8s" / "worker")
    assert any(BUILT in text for text in worker.values())


@pytest.mark.rehearsal
@pytest.mark.usefixtures("activated")
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_command_works_from_every_folder(checkout: Path, folder: str) -> None:
    before = contents(checkout / "rendered")
    for command in IMPORTING:
        result = evalctl(checkout, *command, folder=folder)
        assert result.returncode == 0, (command, result.stderr)
    wrote_the_release(checkout)
    assert contents(checkout / "rendered").keys() == before.keys()


@pytest.mark.rehearsal
@pytest.mark.usefixtures("activated")
@pytest.mark.parametrize("folder", ["rendered/dev", "stacks"])
def test_the_other_commands_work_from_the_folders_that_shadow_most(
    checkout: Path, folder: str
) -> None:
    before = contents(checkout / "rendered")
    for command in OTHERS:
        result = evalctl(checkout, *command, folder=folder)
        assert result.returncode == 0, (command, result.stderr)
    assert contents(checkout / "rendered") == before


@pytest.mark.rehearsal
def test_an_installed_command_works_from_every_folder(checkout: Path, installed: Path) -> None:
    before = contents(checkout / "rendered")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    python = str(installed.with_name("python"))
    for folder, command in (
        ("rendered/dev", [str(installed), "render", "--env", "dev"]),
        # It imports dashboards, which is also a folder there.
        ("rendered/dev", [python, "-m", "evalctl.main", "docs"]),
        ("stacks", [python, "-m", "evalctl.main", "render", "--env", "dev"]),
    ):
        result = subprocess.run(
            command,
            cwd=checkout / folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=HANGS_SECONDS,
            check=False,
        )
        assert result.returncode == 0, (folder, command, result.stderr)
    assert contents(checkout / "rendered") == before


@pytest.mark.rehearsal
def test_a_shell_stays_in_its_folder_while_it_is_rendered(checkout: Path) -> None:
    folder = checkout / "rendered" / "dev" / "k8s" / "worker"
    command = (sys.executable, "-m", "evalctl.main", "release", "worker", BUILT, "--env", "dev")
    script = '"$@" && "$1" -m evalctl.main names dev >&2 && /bin/ls'
    listed = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=True,
    ).stdout
    assert listed.split()[-1] in {path.name for path in folder.iterdir()}
    wrote_the_release(checkout)
