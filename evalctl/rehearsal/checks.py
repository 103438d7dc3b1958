"""The checks of the AWS half: each is one line of the table."""

import asyncio

from environments.names import Stack
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.rehearsal.emulated_environment import EmulatedEnvironment
from evalctl.rehearsal.leftovers import leftovers
from evalctl.rehearsal.verification import differences, facts
from evalctl.rehearsal.working_directory import WorkingDirectory


async def promised_account(emulated: EmulatedEnvironment) -> Result:
    """Compare the account with the environment's value, before anything but terraform changes it."""
    found = await asyncio.to_thread(lambda: list(facts(emulated.env, emulated.aws)))
    return result(
        "the account holds what the value promises",
        differences(found),
        f"{len(found)} facts were compared, and all are as in the value",
    )


async def second_plan(emulated: EmulatedEnvironment) -> Result:
    """Plan each stack again. The state bucket's stack was planned again after its state had moved.

    Raises:
        TerraformError: terraform could not plan.
    """
    planned: dict[Stack, str | None] = {}

    async def plan(directory: WorkingDirectory) -> None:
        planned[directory.stack] = await emulated.terraform.changes(directory)

    await emulated.each("plan", plan)
    return result(
        "a second plan is empty",
        [
            f"{stack}: the second plan is not empty:\n{changes}"
            for stack, changes in sorted(planned.items())
            if changes is not None
        ],
        f"{len(planned)} stacks were planned again without a change: {', '.join(sorted(planned))}",
    )


async def nothing_left(emulated: EmulatedEnvironment, *, before: list[str]) -> Result:
    """Look for resources after the teardown; `before` are those that it found at its start."""
    remaining = await asyncio.to_thread(leftovers, emulated.env, emulated.aws)
    return result(
        "nothing is left",
        [f"{arn} is left" for arn in remaining],
        f"the account had {len(before)} of the platform's resources before the teardown, and has none now",
    )
