"""A checkout in which a test may write what a person's commands write."""

import shutil
from pathlib import Path

from tests.support.paths import ROOT

_OF_ITS_OWN = {".git", "cdktf.out", "rendered"}


def check_out(folder: Path, rendered: Path) -> Path:
    """Links to everything that is here, and a copy of what was rendered."""
    folder.mkdir()
    for part in ROOT.iterdir():
        if part.name not in _OF_ITS_OWN:
            (folder / part.name).symlink_to(part)
    shutil.copytree(rendered, folder / "rendered")
    return folder
