"""The environments that the benchmark of a render makes."""

import subprocess
import sys
from pathlib import Path

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
