"""`evalctl changed-stacks`: which plans a pull request needs."""

import json

from evalctl import checkout
from evalctl.options import Base
from evalctl.terminal import fail, known_environments, require_programs


def command(base: Base) -> None:
    """Print the stacks whose Terraform a branch changes, by environment, as JSON for a job's matrix."""
    from evalctl.rendering import changed

    require_programs("git")
    try:
        found = changed.stacks(checkout.root(), known_environments(), base=base)
    except changed.NoComparisonError as error:
        fail(str(error))
    print(json.dumps([{"env": env, "stacks": " ".join(stacks)} for env, stacks in found.items()]))
