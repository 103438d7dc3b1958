"""Makes jsii's kernel one Node process, since jsii's second one only copies messages, and sends fewer messages."""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from bindings.aws_provider import PLAIN_IMPORT_SWITCH

_ENTRY = Path(__file__).with_name("kernel.js")
# Their names in jsii's package, and the names by which they load each other.
_SCRIPTS = {
    "lib__program.js": "lib/program.js",
    "lib__runtime-index-worker.js": "lib/runtime-index-worker.js",
}


def use_one_process() -> None:
    """Set jsii's `JSII_RUNTIME`, unless it is set, or the plain import is switched on.

    Must run before `jsii` is imported. A jsii with other scripts starts in its own way.
    """
    if os.environ.get(PLAIN_IMPORT_SWITCH) == "1" or "JSII_RUNTIME" in os.environ:
        return
    spec = importlib.util.find_spec("jsii")
    assert spec is not None
    assert spec.submodule_search_locations
    package = Path(spec.submodule_search_locations[0], "_embedded", "jsii")
    if all((package / script).is_file() for script in _SCRIPTS):
        os.environ["JSII_RUNTIME"] = str(_cached(package) / _ENTRY.name)


def keep_references() -> None:
    """Send a read of an attribute once: it always returns the same reference, and half of the reads are repeated.

    Not with the plain import, so that `make bench` compares what is written with and without it.
    """
    if os.environ.get(PLAIN_IMPORT_SWITCH) == "1":
        return
    import jsii

    get = jsii.get
    references: dict[tuple[str, str], str] = {}

    def kept(obj: Any, name: str) -> Any:
        key = (obj.__jsii_ref__.ref, name)
        if (value := references.get(key)) is None:
            value = get(obj, name)
            if isinstance(value, str) and value.startswith("${TfToken["):
                references[key] = value
        return value

    jsii.get = kept


def _cached(package: Path) -> Path:
    """The folder with the scripts, by the version of jsii and the text of our entry."""
    version = importlib.metadata.version("jsii")
    key = hashlib.sha256(f"{version}\n{_ENTRY.read_text()}".encode()).hexdigest()[:16]
    cached = Path(sys.prefix) / "var" / "jsii-kernel" / key
    if not cached.is_dir():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as building:
            folder = Path(building, key)
            (folder / "lib").mkdir(parents=True)
            shutil.copyfile(_ENTRY, folder / _ENTRY.name)
            for script, name in _SCRIPTS.items():
                shutil.copyfile(package / script, folder / name)
            with suppress(OSError):  # another process was first
                folder.rename(cached)
    return cached
