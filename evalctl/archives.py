"""Unpacks tar archives."""

from pathlib import Path

from evalctl.processes import output


def unpack(archive: Path, folder: Path | str) -> None:
    """Unpack an archive, compressed or not, into a folder.

    By `tar`, which writes nothing outside of the folder. Python's own module does so with a filter only, which
    Python 3.11.4 brought, and Debian 12 has 3.11.2.

    Raises:
        CommandFailedError: it is no archive.
    """
    place = ("--directory", str(folder), "--no-same-owner")
    output(("tar", "--extract", "--file", str(archive), *place), seconds=None)
