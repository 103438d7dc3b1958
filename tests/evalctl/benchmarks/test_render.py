"""The environments that the benchmark of a render makes, and the comparison of the two imports."""

import subprocess
import sys
from pathlib import Path

import pytest

from bindings.aws_provider import PLAIN_IMPORT_SWITCH
from evalctl.benchmarks import render
from evalctl.benchmarks.render import checkout_with


def test_the_copied_environments_break_no_rule(tmp_path: Path) -> None:
    folder = checkout_with(50, tmp_path)
    program = (
        "from environments.registry import ENVIRONMENTS\n"
        "from environments.rules import require_valid\n"
        "require_valid(ENVIRONMENTS)\n"
        "print(len(ENVIRONMENTS))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.stdout == "50\n", run.stderr


@pytest.mark.parametrize(
    ("plain", "different"),
    [
        ({"a.json": "1", "b.json": "2"}, set()),
        ({"a.json": "1", "b.json": "3"}, {"b.json"}),
        ({"a.json": "1"}, {"b.json"}),
        ({"a.json": "1", "b.json": "2", "c.json": ""}, {"c.json"}),
    ],
)
def test_each_file_that_differs_between_the_two_imports_is_named(
    plain: dict[str, str],
    different: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def written(_: Path, out: Path, **environment: str) -> None:
        out.mkdir()
        files = plain if PLAIN_IMPORT_SWITCH in environment else {"a.json": "1", "b.json": "2"}
        for name, text in files.items():
            (out / name).write_text(text)

    monkeypatch.setattr(render, "render", written)
    assert render.compared(tmp_path) == (not different)
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines if " differs " in line} == different
