"""`evalctl changed-stacks`: the stacks that a pull request must plan."""

import json

from evalctl import checkout
from evalctl.options import Base
from evalctl.terminal import fail, require_programs
from evalctl.values import known_environments


def command(base: Base) -> None:
    """Print the stacks whose Terraform a branch changes, as JSON for the matrix of a job.

    Example: evalctl changed-stacks --base origin/main
    """
    from evalctl.rendering import changed

    require_programs("git")
    try:
        found = changed.stacks(checkout.root(), known_environments(), base=base)
    except changed.NoComparisonError as error:
        fail(str(error))
    print(json.dumps([{"env": env, "stacks": " ".join(stacks)} for env, stacks in found.items()]))
