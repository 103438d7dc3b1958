"""A file with what the real autoscaler did while the length of the queue was known."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Points = Sequence[tuple[float, int]]  # seconds, and the value from then on


class UnreadableTraceError(Exception):
    """The file is missing, or is no trace."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Changes of the queue and of the workers that the autoscaler wanted, on the same clock."""

    made_by: str
    sync_seconds: int  # between two decisions of the autoscaler
    autoscaler: Mapping[str, Any]  # the `spec` of its manifest
    waiting_jobs: Points
    replicas: Points
    seconds: float  # the length of the recording

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(vars(self), indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Trace:
    """The trace in a file.

    Raises:
        UnreadableTraceError: with what is wrong.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Trace(
            made_by=str(found["made_by"]),
            sync_seconds=int(found["sync_seconds"]),
            autoscaler=dict(found["autoscaler"]),
            waiting_jobs=_points(found["waiting_jobs"]),
            replicas=_points(found["replicas"]),
            seconds=float(found["seconds"]),
        )
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise UnreadableTraceError(
            f"{path} is no trace of `evalctl rehearse --full`: {type(error).__name__} {error}"
        ) from error


def _points(value: Any) -> Points:
    points = tuple((float(seconds), int(number)) for seconds, number in value)
    if not points:
        raise ValueError("no points")
    return points
