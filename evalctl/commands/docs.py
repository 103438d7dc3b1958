"""`evalctl docs`: the pages that are made from the values."""

from evalctl import checkout
from evalctl.terminal import console, fail, known_environments


def command() -> None:
    """Write what docs/ shows of the values: runbooks/, telemetry.md, and the table in upgrades.md.

    A page that is as it should be is not touched, and no page is when one cannot be made.
    """
    from evalctl.rendering import docs

    environments = known_environments()
    try:
        changed = docs.write(environments, root=checkout.root())
    except docs.NoPlaceError as error:
        fail(str(error))
    for path in changed:
        console.print(f"  {path}", highlight=False)
    console.print(f"[bold]docs[/bold]: {len(changed)} pages changed")
