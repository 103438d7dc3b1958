"""The page about rehearsals lists every check, and the picture the programs."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

CLUSTER = ROOT / "evalctl" / "rehearsal" / "cluster"
MODULES = sorted(
    (
        *(CLUSTER / "checks").glob("*.py"),
        CLUSTER / "half.py",
        CLUSTER / "teardown.py",
        CLUSTER.parent / "checks.py",
    )
)
PAGE = (ROOT / "docs" / "rehearsal.md").read_text()


def texts(expression: ast.expr, names: dict[str, ast.expr]) -> Iterator[str]:
    """The constant parts of a check's name."""
    match expression:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=values):
            for value in values:
                yield from texts(value, names)
        case ast.Name(id=name) if name in names:
            yield from texts(names[name], names)


def checks() -> Iterator[tuple[str, str]]:
    """Each module with a part of the name of a check that it reports."""
    for module in MODULES:
        tree = ast.parse(module.read_text())
        names = {
            node.targets[0].id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(id="result"), args=[name, *_]):
                    for text in texts(name, names):
                        yield module.stem, text.strip()


CHECKS = sorted(set(checks()))


def test_checks_are_found_in_every_module_that_reports_one() -> None:
    found = {module for module, _ in CHECKS}
    reporting = {path.stem for path in MODULES if " result(" in path.read_text()}
    assert found == reporting
    assert len(CHECKS) > 20


@pytest.mark.parametrize(("module", "text"), CHECKS, ids=lambda value: str(value)[:40])
def test_the_page_lists_the_check(module: str, text: str) -> None:
    assert text in PAGE


def test_the_page_names_the_variables_and_the_command_that_fetches_the_programs() -> None:
    source = (Path(CLUSTER) / "programs.py").read_text()
    for name in ("CLUSTER_PROGRAMS", "ARGOCD_MANIFEST", ".ci/fetch programs FOLDER"):
        assert name in PAGE
        assert name in source
