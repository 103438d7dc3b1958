"""Kubernetes quantities as numbers."""

import re

_UNITS = {None: 1.0, "m": 1e-3, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30}


def quantity(text: object) -> float:
    """In cores, bytes or pieces."""
    match = re.fullmatch(r"([\d.]+)(m|Ki|Mi|Gi)?", str(text))
    assert match, f"{text!r} is not a quantity with one of the units {list(_UNITS)}"
    return float(match[1]) * _UNITS[match[2]]
