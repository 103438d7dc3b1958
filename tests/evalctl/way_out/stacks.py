"""A stack as CDK Terrain renders it: `make check-cdktn` finds that nothing else differs."""

import copy
from typing import Any


def as_the_fork_renders(document: dict[str, Any]) -> dict[str, Any]:
    theirs = copy.deepcopy(document)
    theirs["//"]["metadata"]["version"] = "0.24.0"
    theirs["terraform"]["required_providers"]["aws"]["source"] = "hashicorp/aws"
    return theirs
