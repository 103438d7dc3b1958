"""What a branch changes in `rendered/`, compared with the commit at which it left its target branch."""

import re
from collections.abc import Sequence
from pathlib import Path

from environments.names import Names, Stack
from environments.spec import Environment
from evalctl.processes import CommandFailedError, output
from evalctl.rendering.markdown import LIMIT, Difference, document


class NoComparisonError(Exception):
    """Git cannot compare the two commits."""


def stacks(root: Path, environments: Sequence[Environment], *, base: str) -> dict[str, list[Stack]]:
    """Environment → the stacks whose Terraform differs; environments without one are left out."""
    files = set(_diff(root, base, "--name-only", "-z").split("\0"))
    found = {
        env.name: [stack for stack in Stack if Names(env).stack_file(stack) in files]
        for env in environments
    }
    return {name: changed for name, changed in found.items() if changed}


def manifests(root: Path, *, base: str, limit: int = LIMIT) -> str:
    """The diff of what Argo CD syncs, as Markdown. Whole files are left out to stay within `limit`."""
    synced = ("rendered", ":(exclude)rendered/*/terraform/*", ":(exclude)rendered/*/README.md")
    diff = _diff(root, base, "--no-color", "--no-ext-diff", paths=synced)
    files = [part for part in re.split(r"^(?=diff --git )", diff, flags=re.MULTILINE) if part]
    if not files:
        return "### Kubernetes: nothing to change\n"
    heading = f"### Kubernetes: {len(files)} files that Argo CD syncs once this is merged"
    differences = [Difference(name=_name(file), lines=_body(file)) for file in files]
    return document(heading, differences, limit=limit, see_rest="see the pull request's diff")


def _name(file: str) -> str:
    return file.partition("\n")[0].rpartition(" b/")[2]


def _body(file: str) -> str:
    """The file's part of the diff without its header."""
    start = file.find("\n@@")
    return file[start + 1 :] if start >= 0 else ""


def merge_base(root: Path, base: str) -> str:
    """The commit at which the branch left `base`.

    Raises:
        NoComparisonError: Git knows no such commit.
    """
    return _compared(root, base, "merge-base", base, "HEAD").strip()


def _diff(root: Path, base: str, *options: str, paths: Sequence[str] = ()) -> str:
    return _compared(root, base, "diff", *options, f"{base}...HEAD", "--", *paths)


def _compared(root: Path, base: str, *arguments: str) -> str:
    try:
        return output(("git", *arguments), folder=root)
    except CommandFailedError as error:
        raise NoComparisonError(
            f"Git cannot compare with {base!r} in {root}: {error.reason}. Name a branch or commit "
            "that is there, as in --base origin/main; `git fetch origin` brings what is missing."
        ) from error
