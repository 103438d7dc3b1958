"""Nothing here is judged by accident: the suite costs money, and runs by its pins or not at all."""

import os

import pytest


def pytest_configure() -> None:
    """Refuse, before DeepEval is even loaded."""
    if "EVAL_RUN" not in os.environ:
        raise pytest.UsageError("This suite is run by `evalctl evaluate --out DIR`.")
