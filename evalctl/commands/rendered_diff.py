"""`evalctl rendered-diff`: what a pull request does to the clusters."""

from evalctl import checkout
from evalctl.options import Base
from evalctl.terminal import fail, require_programs


def command(base: Base) -> None:
    """Print how a branch changes what Argo CD syncs, as Markdown."""
    from evalctl.rendering import changed

    require_programs("git")
    try:
        print(changed.manifests(checkout.root(), base=base), end="")
    except changed.NoComparisonError as error:
        fail(str(error))
