"""Plans rendered stacks with terraform: what a deploy would change, without changing it."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from environments.names import APPLIED_BY_PEOPLE, Names, Stack
from environments.spec import Environment
from evalctl import terraform_settings
from evalctl.plans import plan_file, plan_summary
from evalctl.plans.plan_file import Plan
from evalctl.plans.plan_summary import Failed
from evalctl.processes import CommandFailedError, output

PLANS = "plans"
SUMMARY = "summary.md"
RESULT = "result.json"


def plan(
    environment: Environment,
    stacks: Sequence[Stack],
    *,
    root: Path,
    out: Path,
    refresh: bool,
) -> Iterator[tuple[Stack, Plan | Failed]]:
    """Plan each stack below `root`, the repository, and write it to `out/plans/<stack>.json`.

    If one stack cannot be planned, the others still are.
    """
    folder = out / PLANS
    folder.mkdir(parents=True, exist_ok=True)
    for stack in stacks:
        shown = folder / f"{stack}.json"
        shown.unlink(missing_ok=True)
        try:
            shown.write_text(_planned(root / Names(environment).stack_folder(stack), refresh))
        except CommandFailedError as error:
            yield stack, Failed(error.output or str(error))
        else:
            yield stack, plan_file.read(shown)


def write(environment: Environment, plans: dict[Stack, Plan | Failed], *, out: Path) -> str:
    """Write `summary.md` for people and `result.json` for the workflow; returns the summary."""
    changed = {
        stack: plan.digest
        for stack, plan in plans.items()
        if isinstance(plan, Plan) and plan.digest is not None
    }
    result = {
        "failed": [stack for stack, plan in plans.items() if isinstance(plan, Failed)],
        "changed": list(changed),
        # An approval covers the stacks that a pipeline deploys, each with the digest of its plan.
        "approved": {
            f"{environment.name}-{stack}": digest
            for stack, digest in changed.items()
            if stack not in APPLIED_BY_PEOPLE
        },
    }
    text = plan_summary.summary(
        environment.name,
        {str(stack): plan for stack, plan in plans.items()},
        by_people=frozenset(APPLIED_BY_PEOPLE),
    )
    (out / RESULT).write_text(json.dumps(result, indent=2) + "\n")
    (out / SUMMARY).write_text(text)
    return text


def _planned(folder: Path, refresh: bool) -> str:
    # Without a lock: the plan role cannot write one, and a plan must not block a deploy.
    options = ["-input=false", "-lock=false", f"-refresh={str(refresh).lower()}", "-out=tfplan"]
    _terraform(folder, "init", "-input=false")
    try:
        _terraform(folder, "plan", *options)
        return _terraform(folder, "show", "-json", "tfplan")
    finally:
        (folder / "tfplan").unlink(missing_ok=True)


def _terraform(folder: Path, command: str, *options: str) -> str:
    """The command's standard output; `show -json` never has colours."""
    colours = [] if command == "show" else ["-no-color"]
    return output(
        ("terraform", command, *colours, *options),
        folder=folder,
        environment={
            **os.environ,
            **terraform_settings.variables(),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
        },
        seconds=None,
    )
