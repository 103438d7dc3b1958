"""The steps into which the benchmark divides a render."""

import json
import subprocess
import sys

import pytest

from environments.registry import ENVIRONMENTS
from evalctl.rendering.renderers import RENDERERS
from tests.support.paths import ROOT
from tests.support.tools import HANGS_SECONDS


@pytest.mark.parametrize("renderer", RENDERERS)
def test_each_step_takes_time_and_the_environments_are_steps(renderer: str) -> None:
    printed = subprocess.run(
        [sys.executable, "-P", "-O", "-m", "evalctl.benchmarks.phases", renderer],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=HANGS_SECONDS,
        check=True,
    ).stdout
    steps = {name: seconds for name, *seconds in json.loads(printed)}
    assert list(steps)[:2] == ["jsii", "Node"]
    assert list(steps)[-len(ENVIRONMENTS) :] == [f"environment {env.name}" for env in ENVIRONMENTS]
    for name, (wall, in_python, in_node) in steps.items():
        assert wall > 0, name
        assert in_python > 0, name
        assert in_node >= 0, name
    assert sum(in_node for _, _, in_node in steps.values()) > 0
