"""Real programs that some tests need. If one is missing, the test is skipped with a reason.

`.ci/run` sets REQUIRE_REAL_TOOLS=1, and tests/conftest.py turns every such skip into a failure.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

# A program that takes longer hangs. Beside a cluster's rehearsal a test gets a tenth of the processors.
HANGS_SECONDS = 600


def program(name: str, *, get_it: str) -> str:
    """The path of a program, or a skip that describes how to get it."""
    python_folder = Path(sys.executable).parent  # has kubectl and aws of the testing tools
    found = shutil.which(name, path=f"{python_folder}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed: {get_it}")
    return found


def folder(variable: str, *, holding: str) -> Path:
    """The folder in an environment variable, or a skip that describes its purpose."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: it is the folder with {holding}")
    path = Path(value)
    assert path.is_dir(), f"{variable} is {path}, which is not a folder"
    return path
