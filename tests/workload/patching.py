"""Modules of the reference as variants change them: attributes of any type can be replaced."""

import importlib
from typing import Any


def module(name: str) -> Any:
    """A module below `workload`."""
    return importlib.import_module(f"workload.{name}")
