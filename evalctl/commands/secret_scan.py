"""`evalctl secret-scan`: keeps keys out of Git."""

from pathlib import Path
from typing import Annotated

import typer

from evalctl import checkout
from evalctl.terminal import fail, require_programs


def command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", help="The files to scan; all tracked files unless given."),
    ] = None,
) -> None:
    """Search for keys in all files that Git tracks or would track.

    Example: evalctl secret-scan
    """
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
            "These look like keys. Revoke each real one at its issuer, because it may have been read already. "
            "Then remove it; docs/secrets.md describes where keys are kept.",
            *map(str, found),
        )
