"""How a rehearsal goes on after a failed check, tears down, and what each of its ends leaves in the results."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import typer

from environments.dev import DEV
from environments.names import Stack
from environments.prod import PROD
from evalctl.commands.rehearse import command
from evalctl.processes import HOW_TO_GET, CommandFailedError
from evalctl.rehearsal import rehearse, report
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.emulated_environment import EmulatedEnvironment
from evalctl.rehearsal.emulator import EmulatedAws
from evalctl.rehearsal.report import Report
from evalctl.rehearsal.terraform import Terraform
from evalctl.rehearsal.working_directory import WorkingDirectory, copy_stacks
from tests.support import tools

CHECKS = ("promised_account", "second_plan", "nothing_left")


def test_the_rehearsal_goes_on_to_its_end_after_a_failed_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happened: list[str] = []

    @asynccontextmanager
    async def environment(*_: object, **__: object) -> AsyncIterator[SimpleNamespace]:
        yield SimpleNamespace(aws=None)

    async def cluster_half(_: EmulatedAws, deployed: asyncio.Event) -> None:
        await deployed.wait()
        happened.append("cluster half")

    def step(name: str) -> None:
        async def happens(*_: object) -> None:
            happened.append(name)

        monkeypatch.setattr(rehearse, name, happens)

    def failing(name: str) -> None:
        async def check(*_: object, **__: object) -> Result:
            await asyncio.sleep(0)
            return result(name, ["torn"], "")

        monkeypatch.setattr(rehearse, name, check)

    monkeypatch.setattr(rehearse, "emulated_environment", environment)
    monkeypatch.setattr(rehearse, "leftovers", lambda *_: [])
    for name in ("deploy", "tear_down"):
        step(name)
    for name in CHECKS:
        failing(name)

    asyncio.run(
        rehearse.rehearse(
            DEV,
            rendered=Path("rendered"),
            progress=lambda *_: None,
            found=lambda found: happened.append(f"{found.check} failed"),
            cluster_half=cluster_half,
        )
    )
    assert happened[:2] == ["deploy", "promised_account failed"]
    assert sorted(happened[2:4]) == ["cluster half", "second_plan failed"]
    assert happened[4:] == ["tear_down", "nothing_left failed"]


@dataclass(frozen=True)
class Recorded(Terraform):
    """Terraform that only takes note of what begins and ends."""

    happened: list[str] = field(default_factory=list)

    async def apply(self, directory: WorkingDirectory) -> None:
        self.happened.append(f"lift {directory.stack}")

    async def destroy(self, directory: WorkingDirectory) -> None:
        self.happened.append(f"destroy {directory.stack}")
        await asyncio.sleep(0.001)
        self.happened.append(f"{directory.stack} is destroyed")


def test_a_teardown_lifts_protection_at_once_and_destroys_what_needs_a_stack_before_it(
    monkeypatch: pytest.MonkeyPatch, rendered: Path, tmp_path: Path
) -> None:
    async def nothing(_: EmulatedEnvironment) -> None:
        pass

    monkeypatch.setattr(rehearse, "remove_state_bucket", nothing)
    directories = copy_stacks(rendered / "prod", tmp_path)
    terraform = Recorded(cast(EmulatedAws, SimpleNamespace(url="http://127.0.0.1:1")))
    emulated = EmulatedEnvironment(PROD, terraform.aws, terraform, directories, lambda *_: None)
    asyncio.run(rehearse.tear_down(emulated))
    happened = terraform.happened
    assert [each for each in happened if each.startswith("lift")] == [f"lift {Stack.DATABASE}"]
    lifted = happened.index(f"lift {Stack.DATABASE}")
    needs_it, database = f"{Stack.BACKUP} is destroyed", f"destroy {Stack.DATABASE}"
    assert lifted < happened.index(needs_it) < happened.index(database)
    destroyed = {each for each in happened if each.startswith("destroy")}
    assert destroyed == {f"destroy {stack}" for stack in Stack if stack is not Stack.STATE}


def rehearsed(
    monkeypatch: pytest.MonkeyPatch, folder: Path, end: BaseException, *, kept: bool = False
) -> dict[str, object]:
    """The results of a rehearsal that ends in this way after a check that passed."""
    tools.program("terraform", get_it=HOW_TO_GET["terraform"])

    async def run(_: object, *, report: Report, **__: object) -> None:
        report.result(result("nothing flaps", [], "20 Applications"))
        report.kept = kept
        raise end

    monkeypatch.setattr(report, "run", run)
    file = folder / "results.json"
    file.write_text('{"passed": true, "environment": "an earlier one"}' * 100)
    leaves = typer.Exit if isinstance(end, report.FAILURES) else type(end)
    with pytest.raises(leaves):
        command("dev", only="aws", json_file=file)
    results: dict[str, object] = json.loads(file.read_text())
    assert results["environment"] == "dev"
    return results


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (KeyboardInterrupt(), "The rehearsal was interrupted before its end."),
        (CommandFailedError(("git", "push"), "no space"), "`git push` failed: no space"),
        (KeyError("node"), "KeyError: 'node'"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_early_end_leaves_the_checks_so_far_and_its_reason(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    end: BaseException,
    error: str,
) -> None:
    results = rehearsed(monkeypatch, tmp_path, end)
    assert (results["passed"], results["errors"]) == (False, [error])
    assert isinstance(results["checks"], list)
    assert [each["check"] for each in results["checks"]] == ["nothing flaps"]
    assert "dev, checks" in capsys.readouterr().out


def test_ctrl_c_while_the_cluster_is_kept_leaves_passed_checks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    results = rehearsed(monkeypatch, tmp_path, KeyboardInterrupt(), kept=True)
    assert (results["passed"], results["errors"]) == (True, [])
