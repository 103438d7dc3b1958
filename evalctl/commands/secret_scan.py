"""`evalctl secret-scan`: no key gets into Git."""

from pathlib import Path
from typing import Annotated

import typer

from evalctl import checkout
from evalctl.terminal import fail, require_programs


def command(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE…]", help="All tracked files unless given.")
    ] = None,
) -> None:
    """Look for keys in the files that Git tracks or would track."""
    from evalctl.checks import secret_scan

    root = checkout.root()
    if not files:
        require_programs("git")
    try:
        found = secret_scan.scan(
            root, [file.absolute() for file in files] if files else secret_scan.tracked(root)
        )
    except ValueError as error:
        fail(str(error))
    if found:
        fail(
            "These look like keys. Revoke what is one, at its issuer: who has read it once has it. Then "
            "take it out; docs/secrets.md says where keys live.",
            *map(str, found),
        )
