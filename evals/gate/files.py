"""Files that are there whole or not at all."""

import os
import tempfile
from pathlib import Path


def write(file: Path, text: str) -> None:
    """Replace a file in one step, so that nobody reads half of it, and no failure leaves half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        temporary.chmod(0o644)  # mkstemp's are for the owner alone, a CI artifact is not
        temporary.replace(file)
    finally:
        temporary.unlink(missing_ok=True)
