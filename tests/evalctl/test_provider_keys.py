"""A key of an LLM provider is added in one place: workers, the pages and the prompts follow."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from environments.names import PROVIDER_KEYS, Secret
from tests.evalctl.conftest import edit, evalctl
from tests.support.manifests import one
from tests.support.pages import shell_blocks
from tests.support.paths import ROOT
from tests.support.tools import program

ADDED = "MISTRAL_API_KEY"
KEYS = (*PROVIDER_KEYS, ADDED)


@pytest.fixture
def checkout(checkout: Path) -> Path:
    """The sources with one key more in the only list of them."""
    shutil.copytree(ROOT / "docs", checkout / "docs")
    names = checkout / "environments" / "names.py"
    edit(names, f'"{PROVIDER_KEYS[-1]}")', f'"{PROVIDER_KEYS[-1]}", "{ADDED}")')
    return checkout


def test_workers_and_the_page_of_images_have_an_added_key(checkout: Path) -> None:
    for command in (("render", "--env", "dev"), ("docs",)):
        result = evalctl(checkout, *command)
        assert result.returncode == 0, result.stderr
    file = checkout / "rendered" / "dev" / "k8s" / "worker" / "Deployment-worker.yaml"
    deployment = one([yaml.safe_load(file.read_text())], "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert [variable["name"] for variable in container["env"]] == list(KEYS)
    page = (checkout / "docs" / "images.md").read_text()
    assert [key for key in KEYS if f"| `{key}` | `worker` |" in page] == list(KEYS)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ({key: f"a '$b' {key}" for key in KEYS}, set(KEYS)),
        ({**dict.fromkeys(KEYS, ""), ADDED: "the only one"}, {ADDED}),
        (dict.fromkeys(KEYS, ""), None),
    ],
    ids=["all", "one", "none"],
)
def test_the_typed_keys_become_the_secrets_entry(
    checkout: Path, typed: dict[str, str], stored: set[str] | None
) -> None:
    program("jq", get_it="apt-get install jq")
    (first_time, _) = shell_blocks("secrets.md", "LLM keys")
    scripts = checkout / "bin"
    scripts.mkdir()
    for name, script in (
        ("aws", f'echo "$@" > {checkout}/arguments\ncat > {checkout}/entry'),
        ("evalctl", f'cd {checkout} && exec {sys.executable} -m evalctl.main "$@"'),
    ):
        (scripts / name).write_text(f"#!/bin/sh\n{script}\n")
        (scripts / name).chmod(0o755)

    subprocess.run(
        ["bash", "-c", first_time],
        input="".join(f"{typed[key]}\n" for key in KEYS),
        env={
            **os.environ,
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(checkout),
        },
        capture_output=True,
        text=True,
        check=True,
    )

    entry = (checkout / "entry").read_text()
    if stored is None:  # Secrets Manager refuses an empty value
        assert entry == ""
    else:
        assert json.loads(entry) == {key: typed[key] for key in stored}
    arguments = (checkout / "arguments").read_text()
    assert f"prod/eval-platform/{Secret.LLM_KEYS}" in arguments
    assert not [value for value in typed.values() if value and value in arguments]
