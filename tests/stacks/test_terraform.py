"""The real programs accept the rendered Terraform: terraform, its AWS provider, cdktf."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from environments.names import (
    CLI_CONFIGURATION,
    PROVIDER_LOCK,
    TERRAFORM_FILE,
    Names,
    Stack,
)
from environments.registry import ENVIRONMENTS
from stacks.base import PROVIDER_VERSION
from tests.support import tools
from tests.support.paths import ROOT
from tests.support.validation import OFFLINE, run, terraform_accepts

AWS = "registry.terraform.io/hashicorp/aws"
LONGEST_LINE = 2000  # characters


@pytest.mark.rehearsal
def test_terraform_validates_every_stack_with_the_real_provider(
    rendered: Path, tmp_path: Path, names: dict[str, Names]
) -> None:
    files = {
        str(file.relative_to(rendered.parent)): file.read_text()
        for file in rendered.glob("*/terraform/*/*")
    }
    terraform_accepts([(each, files) for each in names.values()], tmp_path)


@pytest.mark.rehearsal
def test_cdktfs_own_command_line_synthesizes_the_same_stacks(
    rendered: Path, tmp_path: Path
) -> None:
    cdktf = ROOT / "node_modules" / ".bin" / "cdktf"
    if not cdktf.exists():
        pytest.skip("cdktf is not installed: run `make cdktf`")
    tools.program("terraform", get_it="cdktf reads its version; install 1.11 or newer")
    run(ROOT, str(cdktf), "synth", "--output", str(tmp_path))
    synthesized = {folder.name: contents(folder) for folder in (tmp_path / "stacks").iterdir()}
    ours = {
        f"{environment.name}-{stack.name}": contents(stack)
        for environment in rendered.iterdir()
        for stack in (environment / "terraform").iterdir()
    }
    assert synthesized == ours


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("named", [None, "/dev/null", "stacks/terraform.lock.hcl"])
def test_cdktf_cannot_start_without_the_committed_cli_configuration(
    tmp_path: Path, named: str | None
) -> None:
    """cdktf runs this program before terraform; without the configuration every provider is installed."""
    others = {name: value for name, value in OFFLINE.items() if name != "TF_CLI_CONFIG_FILE"}
    result = subprocess.run(
        [sys.executable, "-m", "stacks.app"],
        cwd=ROOT,
        env={
            **others,
            **({"TF_CLI_CONFIG_FILE": named} if named else {}),
            "CDKTF_OUTDIR": str(tmp_path / "out"),
        },
        capture_output=True,
        text=True,
        timeout=tools.HANGS_SECONDS,
        check=False,
    )
    assert result.returncode == 1
    assert "source <(evalctl terraform-settings)" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_lock_file_locks_the_pinned_provider_for_the_platforms_in_use_and_no_other() -> None:
    lock = (ROOT / PROVIDER_LOCK).read_text()
    assert re.findall(r'^provider "(.*)" {$', lock, re.MULTILINE) == [AWS]
    assert re.findall(r'^  (version|constraints) += "(.*)"$', lock, re.MULTILINE) == [
        ("version", PROVIDER_VERSION),
        ("constraints", PROVIDER_VERSION),
    ]
    # h1: the unpacked provider, of each platform; zh: the archives of the release.
    (platforms,) = re.findall(r"^PLATFORMS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    unpacked = re.findall(r'"h1:[A-Za-z0-9+/]{43}="', lock)
    archives = re.findall(r'"zh:[0-9a-f]{64}"', lock)
    assert len(platforms.split()) == 4
    assert len(set(unpacked)) == len(unpacked) >= len(platforms.split())
    assert len(set(archives)) == len(archives) >= len(unpacked)


def test_the_cli_configuration_installs_the_aws_provider_from_its_registry_and_no_other() -> None:
    text = (ROOT / CLI_CONFIGURATION).read_text()
    settings = " ".join(line for line in text.splitlines() if not line.startswith("#"))
    assert settings.split() == [
        *("provider_installation", "{", "direct", "{"),
        *("include", "=", f'["{AWS}"]', "}", "}"),
    ]


@pytest.mark.parametrize("environment", [env.name for env in ENVIRONMENTS])
def test_stacks_are_applied_in_an_order_their_references_allow(
    rendered: Path, environment: str
) -> None:
    applied: set[str] = set()
    for stack in Stack:
        document = json.loads(
            (rendered / environment / "terraform" / stack / "cdk.tf.json").read_text()
        )
        states = document.get("data", {}).get("terraform_remote_state", {}).values()
        needed = {state["config"]["key"] for state in states}
        assert needed <= applied, f"{stack} reads states that are applied after it"
        applied.add(document["terraform"]["backend"]["s3"]["key"])
    assert len(applied) == len(Stack), "two stacks share a state"


@pytest.mark.parametrize("name", [env.name for env in ENVIRONMENTS])
def test_a_diff_of_the_rendered_files_can_be_read(rendered: Path, name: str) -> None:
    """Policies are the exception: cdktf's resources take each as one string."""
    for file in (rendered / name / "terraform").glob(f"*/{TERRAFORM_FILE}"):
        long = [line for line in file.read_text().splitlines() if len(line) > LONGEST_LINE]
        others = [line[:80] for line in long if not line.lstrip().startswith('"policy": ')]
        assert others == [], file
