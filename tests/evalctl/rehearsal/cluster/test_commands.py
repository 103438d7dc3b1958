"""evalctl's own commands, as a rehearsal runs them."""

import asyncio
import os
from pathlib import Path

import pytest

from environments.dev import DEV
from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster.commands import evalctl
from tests.evalctl.conftest import edit
from tests.support.paths import ROOT


def run(*arguments: str, checkout: Path = ROOT, **environment: str) -> str:
    variables = {"PATH": os.environ["PATH"], **environment}
    command = evalctl(*arguments, checkout=checkout, environment=variables)
    return asyncio.run(command)


def test_the_output_is_returned() -> None:
    assert f"account={DEV.account.id}\n" in run("names", DEV.name)


def test_a_failure_holds_the_whole_output_and_the_command() -> None:
    with pytest.raises(CommandFailedError, match="`evalctl names qa` failed") as refused:
        run("names", "qa")
    assert "There is no environment 'qa'" in refused.value.reason
    assert refused.value.exit_code == 1


def test_the_code_and_the_values_are_the_checkouts(checkout: Path) -> None:
    edit(checkout / "environments" / "dev.py", DEV.account.id, "123456789012")
    assert "account=123456789012\n" in run("names", DEV.name, checkout=checkout)


def test_no_variable_of_the_user_reaches_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/home/someone/production")
    monkeypatch.setenv("PYTHONSTARTUP", "x")
    monkeypatch.setenv("PYTHONVERBOSE", "1")  # Python would print every import
    assert "import " not in run("names", DEV.name)
