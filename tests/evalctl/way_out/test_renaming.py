"""The renaming covers every file that imports cdktf, and changes names of packages only."""

import ast
import shutil
from pathlib import Path

import pytest

from evalctl.benchmarks.render import PACKAGES
from evalctl.way_out.renaming import FOLDERS, rename, renamed
from tests.support.paths import ROOT


def imports(file: Path) -> set[str]:
    """The top packages that a file imports, anywhere in it; none if it does not have the names' start."""
    found: set[str] = set()
    if "cdkt" not in (text := file.read_text()):
        return found
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def test_no_file_imports_cdktf_after_the_renaming(tmp_path: Path) -> None:
    for folder in set(FOLDERS) - {"tests"}:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    changed = rename(tmp_path)
    files = list(tmp_path.rglob("*.py"))
    assert not [file for file in files if imports(file) & {"cdktf", "cdktf_cdktf_provider_aws"}]
    forks = {file for file in files if imports(file) & {"cdktn", "cdktn_provider_aws"}}
    assert tmp_path / "stacks/aws.py" in forks <= set(changed)
    assert rename(tmp_path) == []


def test_only_folders_that_are_renamed_import_cdktf() -> None:
    folders = {ROOT / folder for folder in FOLDERS}
    for file in (file for folder in (*PACKAGES, "tests") for file in (ROOT / folder).rglob("*.py")):
        if imports(file) & {"cdktf", "cdktf_cdktf_provider_aws"}:
            assert folders & set(file.parents), file


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import cdktf", "import cdktn"),
        ("import cdktf._jsii", "import cdktn._jsii"),
        ("cdktf.Fn.join", "cdktn.Fn.join"),
        ("from cdktf_cdktf_provider_aws.vpc import Vpc", "from cdktn_provider_aws.vpc import Vpc"),
        ('version("cdktf-cdktf-provider-aws")', 'version("cdktn-provider-aws")'),
        ('"@cdktf/provider-aws"', '"@cdktn/provider-aws"'),
    ],
)
def test_names_of_packages_change(before: str, after: str) -> None:
    assert renamed(before) == after


@pytest.mark.parametrize(
    "text",
    ["cdktf.json", "cdktf.out", '"ManagedBy": "cdktf"', "node_modules/.bin/cdktf", "cdktf 0.21"],
)
def test_other_words_stay(text: str) -> None:
    assert renamed(text) == text
