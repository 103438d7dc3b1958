"""The command line; the only code that writes files or reads `sys.argv`.

`main.py` lists the commands, which are in `commands/`. The other folders hold the work of a topic; the
modules next to `main.py` are shared by several commands.

Importing it sets from where Python imports, and how an uncaught Ctrl-C ends: see the code below.
"""

import contextlib
import sys
from pathlib import Path
from types import TracebackType

_ROOT = str(Path(__file__).parents[1])

# The packages are imported from this checkout, and never from the working folder: rendered/dev/ has a
# folder `k8s`, and stacks/ has a module `queue`, which is also the name of one of Python's.
_here = ""
with contextlib.suppress(FileNotFoundError):  # it was removed; a command reports that
    _here = str(Path.cwd())
sys.path[:] = [_ROOT, *(place for place in sys.path if place not in ("", _here, _ROOT))]


def _without_traceback(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    """Print one line for a Ctrl-C before `main.run` handles it, while modules are imported."""
    if issubclass(kind, KeyboardInterrupt):
        print("Stopped by Ctrl-C. Run the same command again.", file=sys.stderr)
    else:
        _report(kind, error, traceback)


_report, sys.excepthook = sys.excepthook, _without_traceback
