"""Real programs that some tests need; without one the test is skipped with a reason.

`.ci/run` sets REQUIRE_REAL_TOOLS=1, and tests/conftest.py turns every such skip into a failure.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest


def program(name: str, *, get_it: str) -> str:
    """The path of a program, or a skip that says how to get it."""
    beside_python = Path(sys.executable).parent  # kubectl and aws come with the testing tools
    found = shutil.which(name, path=f"{beside_python}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed: {get_it}")
    return found


def folder(variable: str, *, holding: str) -> Path:
    """The folder that an environment variable names, or a skip that says what it is for."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: it names the folder with {holding}")
    path = Path(value)
    assert path.is_dir(), f"{variable} names {path}, which is not a folder"
    return path
