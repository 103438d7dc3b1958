"""Imports only the AWS provider modules in use, in about a second instead of a minute.

A plain import of `cdktf_cdktf_provider_aws` runs a package root that imports all of its 2,138
submodules, and makes Node load as many JavaScript modules and a 120 MB type assembly. This module
puts two replacements in `sys.modules` before the first provider import:

1. the package root, with nothing except its `__path__`, so that submodules import one by one;
2. its `_jsii` module, after the jsii kernel has loaded a *trimmed assembly*: the wheel's own tarball
   with only the submodules in use. It is built once per provider version and submodule list.

The Terraform JSON is identical; `tests/bindings/` and `evalctl/benchmarks/render.py` check it.
`EVAL_PLAIN_AWS_IMPORT=1` switches back to the plain import.
"""

import ast
import compileall
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from types import ModuleType

PACKAGE = "cdktf_cdktf_provider_aws"
ASSEMBLY = "@cdktf/provider-aws"
PLAIN_IMPORT_SWITCH = "EVAL_PLAIN_AWS_IMPORT"
_TRIMMER_REVISION = 3  # part of the cache key: raise it when what `_trim` writes changes


class ProviderLayoutError(RuntimeError):
    """The installed provider package does not have the layout that trimming relies on."""


def modules_imported_by(source: Path) -> tuple[str, ...]:
    """The provider submodules that a Python file imports from, sorted, without running the file."""
    prefix = f"{PACKAGE}."
    return tuple(
        sorted(
            {
                node.module.removeprefix(prefix)
                for node in ast.walk(ast.parse(source.read_text()))
                if isinstance(node, ast.ImportFrom)
                and node.module is not None
                and node.module.startswith(prefix)
            }
        )
    )


def load_only(submodules: Iterable[str]) -> None:
    """Make `import cdktf_cdktf_provider_aws.<name>` work for these submodules, and load nothing else.

    Raises:
        ProviderLayoutError: the package is missing a submodule or has changed its layout, or another
            import has loaded the whole package already.
    """
    if os.environ.get(PLAIN_IMPORT_SWITCH) == "1":
        return
    if PACKAGE in sys.modules:
        raise _cannot_trim("the package was imported before it could be trimmed")
    wanted = tuple(sorted(submodules))
    folder = _package_folder()
    trimmed = _cached_assembly(folder, wanted)

    import cdktf._jsii  # noqa: F401  (the provider's dependencies must be in the kernel before it)
    import constructs._jsii  # noqa: F401
    import jsii

    jsii.kernel.load(ASSEMBLY, _version(), str(trimmed))
    root = ModuleType(PACKAGE)
    root.__path__ = [str(folder)]
    loaded = ModuleType(f"{PACKAGE}._jsii")
    loaded.__dict__["__all__"] = []
    sys.modules.update({PACKAGE: root, loaded.__name__: loaded})


def _cannot_trim(problem: str) -> ProviderLayoutError:
    return ProviderLayoutError(
        f"{PACKAGE} {_version()} cannot be trimmed: {problem}. Set {PLAIN_IMPORT_SWITCH}=1 to render "
        "with the plain (slow) import, and change bindings/aws_provider.py to fit the new package."
    )


def _version() -> str:
    return importlib.metadata.version("cdktf-cdktf-provider-aws")


def _package_folder() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise _cannot_trim("the package is not installed")
    return Path(spec.submodule_search_locations[0])


def _cached_assembly(folder: Path, wanted: tuple[str, ...]) -> Path:
    key = hashlib.sha256(json.dumps([_TRIMMER_REVISION, _version(), wanted]).encode()).hexdigest()[
        :16
    ]
    cached = Path(sys.prefix) / "var" / "trimmed-provider-aws" / f"{key}.jsii.tgz"
    if not cached.is_file():
        # Before the assembly, which takes seconds to read.
        _require_none_missing([name for name in wanted if not (folder / name).is_dir()])
        tarball = folder / "_jsii" / f"provider-aws@{_version()}.jsii.tgz"
        if not tarball.is_file():
            raise _cannot_trim(f"there is no {tarball.name} in its _jsii folder")
        cached.parent.mkdir(parents=True, exist_ok=True)
        # Written under a temporary name and renamed, so that no render reads an incomplete file of
        # a killed or concurrent build.
        with tempfile.NamedTemporaryFile(dir=cached.parent, delete=False) as building:
            building.write(_trim(tarball, wanted))
        for submodule in wanted:  # set-up does not compile the provider: most of it is never used
            for optimization in (0, 1):  # planes render with `python -O`
                compileall.compile_dir(folder / submodule, quiet=2, optimize=optimization)
        Path(building.name).replace(cached)
    return cached


def _trim(tarball: Path, wanted: tuple[str, ...]) -> bytes:
    """The tarball with only the wanted submodules' types, JavaScript and exports."""
    with tarfile.open(tarball) as full:
        assembly_bytes, package_json = (
            _read(full, f"package/{name}") for name in (".jsii", "package.json")
        )
        assembly = json.loads(assembly_bytes)
        folders = _folders(assembly, wanted)
        scripts: dict[str, bytes] = {}
        while unread := [
            name for folder in folders.values() if (name := _script(folder)) not in scripts
        ]:
            scripts |= {name: _read(full, name) for name in unread}
            folders |= _folders(assembly, _required_by(scripts))
        _keep_only(assembly, set(folders))
    _require_closed(scripts)
    exports = "".join(
        f'exports.{submodule.rpartition(".")[2]} = require("./{folder}");\n'
        for submodule, folder in sorted(folders.items())
    )
    files = scripts | {
        "package/.jsii": json.dumps(assembly).encode(),
        "package/package.json": package_json,
        "package/lib/index.js": f'"use strict";\n{exports}'.encode(),
    }
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as out:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size = len(files[name])
            out.addfile(entry, BytesIO(files[name]))
    return packed.getvalue()


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    try:
        member = archive.extractfile(name)
    except KeyError:
        member = None
    if member is None:
        raise _cannot_trim(f"its tarball has no {name}")
    return member.read()


def _folders(assembly: dict[str, object], wanted: tuple[str, ...]) -> dict[str, str]:
    """Submodule name in the assembly → its folder below `lib/`, for each wanted Python submodule."""
    submodules = assembly.get("submodules")
    if assembly.get("schema") != "jsii/0.10.0" or not isinstance(submodules, dict):
        raise _cannot_trim(f"its assembly has the schema {assembly.get('schema')!r}")
    # A symbolId is `src/<folder>/index:`; the Python module has the folder's name in snake case.
    by_python_name = {}
    for name, submodule in submodules.items():
        folder = re.fullmatch(r"src/([a-z0-9-]+)/index:", submodule.get("symbolId", ""))
        if folder is None:
            raise _cannot_trim(f"the symbolId of submodule {name} has no folder")
        by_python_name[folder[1].replace("-", "_")] = (name, folder[1])
    _require_none_missing([name for name in wanted if name not in by_python_name])
    return dict(by_python_name[name] for name in wanted)


def _require_none_missing(submodules: list[str]) -> None:
    if submodules:
        raise _cannot_trim(f"it has no submodule {', '.join(submodules)}")


def _keep_only(assembly: dict[str, object], kept: set[str]) -> None:
    """Remove every other submodule's types, and check that no kept type refers to a removed one."""
    submodules, types = assembly["submodules"], assembly["types"]
    assert isinstance(submodules, dict)
    assert isinstance(types, dict)
    types = {name: entry for name, entry in types.items() if name.rpartition(".")[0] in kept}
    referred = set(re.findall(rf'"({re.escape(ASSEMBLY)}\.[A-Za-z0-9.]+)"', json.dumps(types)))
    dangling = sorted(name for name in referred if name not in types)
    if dangling:
        raise _cannot_trim(f"kept types refer to removed ones: {', '.join(dangling[:5])}")
    assembly["submodules"] = {name: submodules[name] for name in sorted(kept)}
    assembly["types"] = types


def _script(folder: str) -> str:
    return f"package/lib/{folder}/index.js"


# How one submodule requires another: in CDK Terrain's bindings, `provider` requires `provider-functions`.
_SUBMODULE = re.compile(rb'require\("\.\./([a-z0-9-]+)/index"\)')


def _required_by(scripts: dict[str, bytes]) -> tuple[str, ...]:
    """The Python names of the submodules that these scripts require."""
    folders = {
        match[1].decode() for text in scripts.values() for match in _SUBMODULE.finditer(text)
    }
    return tuple(sorted(folder.replace("-", "_") for folder in folders))


def _require_closed(scripts: dict[str, bytes]) -> None:
    for name, script in scripts.items():
        foreign = re.search(rb'require\("\.\.?/[^"]*"\)', _SUBMODULE.sub(b"", script))
        if foreign:
            raise _cannot_trim(f"{name} needs another submodule: {foreign[0].decode()}")
