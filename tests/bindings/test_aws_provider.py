"""The trimmed provider loads only the modules in use, and fails with a clear error if it cannot."""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from bindings import aws_provider
from bindings.aws_provider import ProviderLayoutError, modules_imported_by
from tests.support.paths import ROOT
from tests.support.tools import HANGS_SECONDS

VPC: dict[str, Any] = {
    "schema": "jsii/0.10.0",
    "submodules": {"@cdktf/provider-aws.vpc": {"symbolId": "src/vpc/index:"}},
    "types": {"@cdktf/provider-aws.vpc.Vpc": {"base": "cdktf.TerraformResource"}},
}


def tarball(
    folder: Path, assembly: object, *, script: str = "", others: dict[str, str] | None = None
) -> Path:
    """A provider tarball of the submodule `vpc` and others, with the layout of the wheel's."""
    files = {
        "package/.jsii": json.dumps(assembly),
        "package/package.json": "{}",
        "package/lib/vpc/index.js": script,
        **{f"package/lib/{name}/index.js": text for name, text in (others or {}).items()},
    }
    path = folder / "provider.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def trimmed_files(packed: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return {
            member.name: (archive.extractfile(member) or io.BytesIO()).read().decode()
            for member in archive
        }


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=False,
    )


def test_the_modules_to_load_are_read_from_the_imports() -> None:
    modules = modules_imported_by(ROOT / "stacks" / "aws.py")
    assert {"vpc", "eks_cluster", "provider"} <= set(modules)
    assert list(modules) == sorted(modules)


def test_importing_the_stacks_loads_only_the_modules_in_use() -> None:
    result = run_python(
        "import json, sys, stacks.aws;"
        "print(json.dumps([m for m in sys.modules if m.startswith('cdktf_cdktf_provider_aws.')]))"
    )
    assert result.returncode == 0, result.stderr
    loaded = {name.split(".")[1] for name in json.loads(result.stdout)}
    assert loaded == {*modules_imported_by(ROOT / "stacks" / "aws.py"), "_jsii"}


def test_importing_the_provider_prints_nothing() -> None:
    result = run_python("import stacks.aws")
    assert (result.stdout, result.stderr) == ("", "")


def test_the_error_names_a_missing_module_and_the_switch_to_the_plain_import() -> None:
    result = run_python(
        "from bindings import aws_provider as p; p.load_only(['vpc', 'warp_drive'])"
    )
    assert result.returncode != 0
    assert "it has no submodule warp_drive" in result.stderr
    assert "EVAL_PLAIN_AWS_IMPORT=1" in result.stderr


def test_trimming_after_the_package_was_imported_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, aws_provider.PACKAGE, sys)
    with pytest.raises(ProviderLayoutError, match="imported before it could be trimmed"):
        aws_provider.load_only(["vpc"])


def test_the_switch_disables_trimming() -> None:
    result = run_python(
        "import sys; from bindings import aws_provider as p; p.load_only(['vpc']);"
        "print(p.PACKAGE in sys.modules)",
        EVAL_PLAIN_AWS_IMPORT="1",
    )
    assert result.stdout.strip() == "False", result.stderr


def test_only_wanted_submodules_are_kept(tmp_path: Path) -> None:
    assembly = {
        **VPC,
        "submodules": VPC["submodules"]
        | {"@cdktf/provider-aws.waf": {"symbolId": "src/waf/index:"}},
        "types": VPC["types"] | {"@cdktf/provider-aws.waf.Waf": {}},
    }
    files = trimmed_files(aws_provider._trim(tarball(tmp_path, assembly), ("vpc",)))
    assert json.loads(files["package/.jsii"]) == VPC
    assert 'exports.vpc = require("./vpc");' in files["package/lib/index.js"]
    assert "waf" not in "".join(files.values())


def test_a_submodule_that_a_wanted_one_requires_is_kept_too(tmp_path: Path) -> None:
    """In CDK Terrain's bindings the provider requires its functions."""
    assembly = {
        **VPC,
        "submodules": VPC["submodules"]
        | {"@cdktf/provider-aws.ipam": {"symbolId": "src/ipam/index:"}},
        "types": VPC["types"] | {"@cdktf/provider-aws.ipam.Ipam": {}},
    }
    path = tarball(
        tmp_path, assembly, script='require("../ipam/index")', others={"ipam": "the functions"}
    )
    files = trimmed_files(aws_provider._trim(path, ("vpc",)))
    assert json.loads(files["package/.jsii"]) == assembly
    assert files["package/lib/ipam/index.js"] == "the functions"
    assert 'exports.ipam = require("./ipam");' in files["package/lib/index.js"]


@pytest.mark.parametrize(
    ("assembly", "script", "message"),
    [
        (VPC | {"schema": "jsii/9"}, "", "its assembly has the schema 'jsii/9'"),
        (
            VPC | {"submodules": {"@cdktf/provider-aws.vpc": {"symbolId": "elsewhere"}}},
            "",
            "has no folder",
        ),
        (
            VPC | {"types": {"@cdktf/provider-aws.vpc.Vpc": {"x": "@cdktf/provider-aws.waf.Waf"}}},
            "",
            "kept types refer to removed ones: @cdktf/provider-aws.waf.Waf",
        ),
        (VPC, 'require("../waf")', "needs another submodule"),
        (VPC, 'require("../waf/index")', "it has no submodule waf"),
    ],
)
def test_a_package_with_another_layout_is_refused(
    tmp_path: Path, assembly: object, script: str, message: str
) -> None:
    with pytest.raises(ProviderLayoutError, match=message):
        aws_provider._trim(tarball(tmp_path, assembly, script=script), ("vpc",))


def test_a_tarball_without_its_scripts_is_refused(tmp_path: Path) -> None:
    assembly = {**VPC, "submodules": {"@cdktf/provider-aws.x": {"symbolId": "src/gone/index:"}}}
    with pytest.raises(ProviderLayoutError, match=r"has no package/lib/gone/index\.js"):
        aws_provider._trim(tarball(tmp_path, assembly), ("gone",))
