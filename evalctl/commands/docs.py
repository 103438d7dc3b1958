"""`evalctl docs`: the pages that are generated from the values."""

from evalctl import checkout
from evalctl.commands.render import alone
from evalctl.overview import go_live
from evalctl.terminal import console, fail
from evalctl.values import known_environments


def command() -> None:
    """Write the generated pages: docs/runbooks/, docs/telemetry.md, and parts of other pages.

    The parts are tables in docs/upgrades.md, docs/go-live.md and docs/images.md.
    Pages that are up to date are not touched. If a page cannot be generated, none is written.

    Example: evalctl docs
    """
    from evalctl.rendering import docs

    root = checkout.root()
    with alone() as place:
        environments = known_environments()
        try:
            changed = docs.write(environments, root=root, scratch=place, checks=go_live.markdown())
        except docs.NoPlaceError as error:
            fail(str(error))
    for path in changed:
        console.print(f"  {path}", highlight=False)
    console.print(f"[bold]docs[/bold]: {len(changed)} pages changed")
