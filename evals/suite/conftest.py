"""Refuses a run that `evalctl evaluate` did not start: a run costs money and needs the pins."""

import os

import pytest


def pytest_configure() -> None:
    """Fail before DeepEval is loaded."""
    if "EVAL_RUN" not in os.environ:
        raise pytest.UsageError("Run this suite with `evalctl evaluate --out DIR`.")
