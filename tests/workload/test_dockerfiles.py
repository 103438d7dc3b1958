"""The Dockerfiles, as far as they can be checked without building an image."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.workload.servers import ROOT

FOLDER = ROOT / "workload"
DOCKERFILES = sorted(FOLDER.glob("*.Dockerfile"))
EACH = pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.stem)


def test_each_program_has_one() -> None:
    assert [file.stem for file in DOCKERFILES] == ["orchestrator", "worker"]


@EACH
def test_hadolint_finds_nothing(file: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hadolint ignore" not in file.read_text()


@EACH
def test_what_comes_from_elsewhere_is_pinned_by_its_content(file: Path) -> None:
    text = file.read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim@sha256:[0-9a-f]{64}", base) for base in bases)
    assert len(set(bases)) == 1
    for downloaded in re.findall(r"^ADD (.+?)https://", text, re.MULTILINE | re.DOTALL):
        assert re.search(r"--checksum=sha256:[0-9a-f]{64}", downloaded)
    assert "--require-hashes" in text


@EACH
def test_the_image_keeps_the_contract(file: Path) -> None:
    lines = file.read_text().splitlines()
    assert "USER 10001:10001" in lines
    assert f'ENTRYPOINT ["/venv/bin/python", "-m", "workload.{file.stem}"]' in lines
    assert "/etc/ssl/certs/rds-global-bundle.pem" in file.read_text()


def test_both_images_have_the_same_packages_and_authorities() -> None:
    first, second = (file.read_text().replace(file.stem, "PROGRAM") for file in DOCKERFILES)
    assert first == second


def test_the_judge_is_that_of_the_quality_gate() -> None:
    def pin(lock: Path) -> str:
        (found,) = re.findall(r"^deepeval==(\S+)", lock.read_text(), re.MULTILINE)
        return str(found)

    assert pin(FOLDER / "requirements.lock") == pin(ROOT / "requirements-dev.lock")
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    assert f"deepeval=={pin(FOLDER / 'requirements.lock')}" in project["dependencies"]
