"""What a whole process costs, with its children, from start to exit."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from evalctl.processes import output


@dataclass(frozen=True)
class Cost:
    """One process and its children: of the clock, of the processors, the resident set of the largest."""

    seconds: float
    processor_seconds: float
    peak_mib: float


def cost_of(
    arguments: list[str], checkout: Path, *, python: str = sys.executable, **environment: str
) -> Cost:
    """Run Python with these arguments in a new process."""
    # A new child of a new child, so that RUSAGE_CHILDREN counts only this process.
    probe = (
        "import resource, subprocess, sys, time; started = time.monotonic();"
        f"subprocess.run([{python!r}, *{arguments!r}], check=True, stdout=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    printed = output(
        (sys.executable, "-c", probe),
        environment={**os.environ, **environment, "PYTHONPATH": str(checkout)},
        folder=checkout,
        seconds=None,
    )
    seconds, processor, peak_kib = map(float, printed.split())
    return Cost(seconds, processor, peak_kib / 1024)
