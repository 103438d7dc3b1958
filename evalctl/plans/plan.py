"""Plans rendered stacks with terraform alone: what a deploy would do, without doing it."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from environments.names import Names, Stack
from environments.spec import Environment
from evalctl.plans import plan_file, plan_summary
from evalctl.plans.plan_file import Plan
from evalctl.plans.plan_summary import Failed
from evalctl.processes import CommandFailedError, output

# The deploy role may not change the bucket that holds the states, nor what it may do itself.
BY_PEOPLE = frozenset({Stack.STATE, Stack.DELIVERY})

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

    One that fails does not keep the others from being planned.
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
    """`summary.md` for people, `result.json` for the workflow; gives back the summary."""
    changed = {
        stack: found.digest
        for stack, found in plans.items()
        if isinstance(found, Plan) and found.digest is not None
    }
    result = {
        "failed": [stack for stack, found in plans.items() if isinstance(found, Failed)],
        "changed": list(changed),
        # What an approval is of: the stacks that a pipeline deploys, each with its plan's digest.
        "approved": {
            f"{environment.name}-{stack}": digest
            for stack, digest in changed.items()
            if stack not in BY_PEOPLE
        },
    }
    text = plan_summary.summary(
        environment.name, {str(stack): found for stack, found in plans.items()}, by_people=BY_PEOPLE
    )
    (out / RESULT).write_text(json.dumps(result, indent=2) + "\n")
    (out / SUMMARY).write_text(text)
    return text


def _planned(folder: Path, refresh: bool) -> str:
    # Without a lock: who only looks cannot write one, and keeps nobody from deploying.
    options = ["-input=false", "-lock=false", f"-refresh={str(refresh).lower()}", "-out=tfplan"]
    _terraform(folder, "init", "-input=false")
    try:
        _terraform(folder, "plan", *options)
        return _terraform(folder, "show", "-json", "tfplan")
    finally:
        (folder / "tfplan").unlink(missing_ok=True)


def _terraform(folder: Path, command: str, *options: str) -> str:
    """What it says on standard output; `show -json` needs no colours switched off."""
    colours = [] if command == "show" else ["-no-color"]
    return output(
        ("terraform", command, *colours, *options),
        folder=folder,
        environment={**os.environ, "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"},
        seconds=None,
    )
