"""The variables with which a shell, `evalctl plan` and a teardown run terraform."""

import subprocess
from pathlib import Path

import pytest

from environments.names import CLI_CONFIGURATION
from tests.evalctl.conftest import evalctl
from tests.evalctl.plans.fake_terraform import Terraform, plan
from tests.support.pages import shell_blocks
from tests.support.paths import ROOT


@pytest.mark.parametrize(
    ("mirror", "init"),
    [
        ("", "-lockfile=readonly"),
        ("/a mirror", "-lockfile=readonly '-plugin-dir=/a mirror'"),
    ],
)
def test_a_shell_takes_over_the_printed_variables(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, mirror: str, init: str
) -> None:
    monkeypatch.setenv("TF_PROVIDER_MIRROR", mirror)
    printed = evalctl(checkout, "terraform-settings").stdout
    names = 'printf \'%s\\n\' "$TF_CLI_CONFIG_FILE" "$TF_CLI_ARGS_init"'
    shell = ["bash", "-euc", f"{printed}\n{names}"]
    seen = subprocess.run(shell, capture_output=True, text=True, check=True, timeout=60).stdout
    assert seen.splitlines() == [str(checkout / CLI_CONFIGURATION), init]
    assert (checkout / CLI_CONFIGURATION).read_text() == (ROOT / CLI_CONFIGURATION).read_text()


def test_plans_are_made_with_them(
    checkout: Path, rendered: Path, fake_terraform: Terraform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TF_PROVIDER_MIRROR", raising=False)
    (checkout / "rendered").symlink_to(rendered)
    fake_terraform.plans(plan())
    result = evalctl(checkout, "plan", "dev", "network", "--out", str(checkout / "out"))
    assert result.returncode == 0, result.stderr
    assert fake_terraform.settings() == [
        f"{checkout / CLI_CONFIGURATION} -lockfile=readonly" for _ in ("init", "plan", "show")
    ]


@pytest.mark.parametrize(
    "page", sorted(page.relative_to(ROOT / "docs").as_posix() for page in ROOT.glob("docs/*.md"))
)
def test_a_page_that_runs_terraform_or_cdktf_takes_them_over_first(page: str) -> None:
    commands = "".join(shell_blocks(page)).splitlines()
    runs = [n for n, line in enumerate(commands) if "terraform init" in line or "/cdktf " in line]
    taken = [n for n, line in enumerate(commands) if "<(evalctl terraform-settings)" in line]
    assert not runs or (taken and taken[0] <= runs[0])
