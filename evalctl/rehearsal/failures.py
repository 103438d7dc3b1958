"""A failed command in terraform's own words, and what to do next where those do not say it."""

import re
from pathlib import Path

INTERRUPTED_APPLY = "docs/interrupted-apply.md"

# terraform shows the lock that is in its way: ID, Path, Operation, Who, Version, Created.
_LOCK = re.compile(r"Error acquiring the state lock.*?\bID:\s+(?P<id>\S+)", re.DOTALL)
_LOCKED = """\
"Who" holds the lock since "Created". Ask there, and wait while that run lives: two at once ruin the
state. Only when it is dead for certain, release its lock:

  terraform -chdir={folder} force-unlock {id}

A run that was killed may have made what no state knows. Look for it before you apply again:
{docs}."""


def told(said: str, *, folder: Path) -> str:
    """From terraform's first error on, all of it where there is none. `folder` is where it ran."""
    errors = said[max(said.find("Error: "), 0) :].strip()
    lock = _LOCK.search(errors)
    if lock is None:
        return errors
    return f"{errors}\n\n{_LOCKED.format(folder=folder, id=lock['id'], docs=INTERRUPTED_APPLY)}"
