"""A checkout in which the commands of a test may write files."""

import shutil
from pathlib import Path

from tests.support.paths import ROOT

_NOT_LINKED = {".git", "cdktf.out", "rendered"}


def check_out(folder: Path, rendered: Path) -> Path:
    """A folder with links to the files of this checkout, and a copy of the rendered ones."""
    folder.mkdir()
    for part in ROOT.iterdir():
        if part.name not in _NOT_LINKED:
            (folder / part.name).symlink_to(part)
    shutil.copytree(rendered, folder / "rendered")
    return folder
