"""The real programs accept the rendered Terraform: terraform, its AWS provider, cdktf."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from environments.names import Stack
from environments.registry import ENVIRONMENTS
from stacks.base import PROVIDER_VERSION
from tests.support import tools
from tests.support.paths import ROOT

# No registry, no telemetry, no version check, and no configuration of the person's account.
OFFLINE = {
    **{name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"},
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",  # Node, for cdktf
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
    "CI": "1",
}


def run(folder: Path, *command: str) -> str:
    result = subprocess.run(
        command, cwd=folder, env=OFFLINE, capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, f"{' '.join(command)}:\n{result.stdout}{result.stderr}"
    return result.stdout


@pytest.mark.rehearsal
@pytest.mark.parametrize("stack", list(Stack))
@pytest.mark.parametrize("environment", [env.name for env in ENVIRONMENTS])
def test_terraform_validates_every_stack_with_the_real_provider(
    rendered: Path, tmp_path: Path, environment: str, stack: Stack
) -> None:
    terraform = tools.program("terraform", get_it="install Terraform 1.11 or newer")
    mirror = tools.folder(
        "TF_PROVIDER_MIRROR", holding=f"a filesystem mirror of hashicorp/aws {PROVIDER_VERSION}"
    )
    shutil.copy(rendered / environment / "terraform" / stack / "cdk.tf.json", tmp_path)
    run(tmp_path, terraform, "init", "-backend=false", "-input=false", f"-plugin-dir={mirror}")
    verdict = json.loads(run(tmp_path, terraform, "validate", "-json"))
    assert verdict["valid"]
    assert verdict["diagnostics"] == []


@pytest.mark.rehearsal
def test_cdktfs_own_command_line_synthesizes_the_same_stacks(
    rendered: Path, tmp_path: Path
) -> None:
    cdktf = ROOT / "node_modules" / ".bin" / "cdktf"
    if not cdktf.exists():
        pytest.skip("cdktf is not installed: run `make cdktf`")
    tools.program("terraform", get_it="cdktf reads its version; install 1.11 or newer")
    run(ROOT, str(cdktf), "synth", "--output", str(tmp_path))
    synthesized = {
        folder.name: (folder / "cdk.tf.json").read_bytes()
        for folder in (tmp_path / "stacks").iterdir()
    }
    ours = {
        f"{environment.name}-{stack.name}": (stack / "cdk.tf.json").read_bytes()
        for environment in rendered.iterdir()
        for stack in (environment / "terraform").iterdir()
    }
    assert synthesized == ours


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
