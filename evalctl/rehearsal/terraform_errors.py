"""The error message of a failed terraform command, with the next steps where terraform has none."""

import re
from pathlib import Path

INTERRUPTED_APPLY = "docs/interrupted-apply.md"

# terraform prints the lock that it could not acquire: ID, Path, Operation, Who, Version, Created.
_LOCK = re.compile(r"Error acquiring the state lock.*?\bID:\s+(?P<id>\S+)", re.DOTALL)
_LOCKED = """\
"Who" has held the lock since "Created". Ask there, and wait while that run is alive: two runs at the
same time damage the state. Release its lock only when that run is certainly dead:

  terraform -chdir={folder} force-unlock {id}

A killed run may have created resources that are in no state. Look for them before the next apply:
{docs}."""


def error_message(output: str, *, folder: Path) -> str:
    """The output from terraform's first error on, or all of it. terraform ran in `folder`."""
    errors = output[max(output.find("Error: "), 0) :].strip()
    lock = _LOCK.search(errors)
    if lock is None:
        return errors
    return f"{errors}\n\n{_LOCKED.format(folder=folder, id=lock['id'], docs=INTERRUPTED_APPLY)}"
