"""Runs evalctl's own commands in the served copy, as a person runs them in a checkout."""

import sys
from collections.abc import Mapping
from pathlib import Path

from evalctl.processes import CommandFailedError, run


async def evalctl(*arguments: str, checkout: Path, environment: Mapping[str, str]) -> str:
    """The command's output.

    Raises:
        CommandFailedError: it failed; with all that it printed.
    """
    command = (sys.executable, "-P", "-m", "evalctl.main", *arguments)
    code, output = await run(
        *command,
        folder=checkout,
        environment={
            **environment,
            "PYTHONPATH": str(checkout),
            "HOME": str(checkout.parent),
            "COLUMNS": "160",
        },
    )
    if code != 0:
        raise CommandFailedError(("evalctl", *arguments), output.strip(), exit_code=code)
    return output
