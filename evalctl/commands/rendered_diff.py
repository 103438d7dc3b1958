"""`evalctl rendered-diff`: what a pull request changes in the clusters."""

from evalctl import checkout
from evalctl.options import Base
from evalctl.terminal import fail, require_programs


def command(base: Base) -> None:
    """Print as Markdown how a branch changes the files that Argo CD syncs.

    Example: evalctl rendered-diff --base origin/main
    """
    from evalctl.rendering import changed

    require_programs("git")
    try:
        print(changed.manifests(checkout.root(), base=base), end="")
    except changed.NoComparisonError as error:
        fail(str(error))
