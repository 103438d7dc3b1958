"""Renders a copy of the sources with CDK Terrain, and compares it with what is committed."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from environments.images import FILE as IMAGES
from environments.names import LOCK_FILE, TERRAFORM_FILE
from evalctl.processes import output
from evalctl.way_out.comparison import Difference, differences
from evalctl.way_out.renaming import rename

# What the AWS plane is rendered from.
_SOURCES = ("bindings", "environments", "evalctl", "stacks", "telemetry")
_SECONDS = 600  # the first render in a new environment also trims and compiles the provider


def render(checkout: Path, *, python: Path, out: Path) -> list[str]:
    """Write what the renamed copy renders with this Python; the paths of the files that were renamed.

    Raises:
        CommandFailedError: the copy does not render; the message has its last lines.
    """
    with TemporaryDirectory() as scratch:
        copy = Path(scratch)
        for folder in _SOURCES:
            shutil.copytree(
                checkout / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__")
            )
        files = rename(copy)
        variables = {name: value for name, value in os.environ.items() if name != "JSII_NODE"}
        output(
            (
                *(str(python), "-O", "-m", "evalctl.rendering.renderers", "AWS", str(out)),
                (copy / IMAGES.relative_to(checkout)).read_text(encoding="utf-8"),
            ),
            folder=copy,
            environment=variables | {"PYTHONPATH": str(copy)},
            seconds=_SECONDS,
        )
        return [str(file.relative_to(copy)) for file in files]


def compare(rendered: Path, out: Path) -> Iterator[tuple[str, Difference]]:
    """Each difference of the two trees with its file, for instance `prod/terraform/network/cdk.tf.json`."""
    ours, theirs = (_files(tree) for tree in (rendered, out))
    for path in sorted(ours.keys() | theirs.keys()):
        for difference in differences(ours.get(path, "missing"), theirs.get(path, "missing")):
            yield path, difference


def _files(tree: Path) -> dict[str, object]:
    """Every stack's Terraform JSON as a document, and its lock file as text."""
    files: dict[str, object] = {}
    for file in tree.glob("*/terraform/*/*"):
        if file.name == TERRAFORM_FILE:
            files[str(file.relative_to(tree))] = json.loads(file.read_text(encoding="utf-8"))
        elif file.name == LOCK_FILE:
            files[str(file.relative_to(tree))] = file.read_text(encoding="utf-8")
    return files
