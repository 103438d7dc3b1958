"""What a branch changes in `rendered/`, compared with the commit at which it left its target branch."""

import re
from collections.abc import Sequence
from pathlib import Path

from environments.names import Names, Stack
from environments.spec import Environment
from evalctl.processes import CommandFailedError, output

LIMIT = 30_000  # characters; half of what a GitHub comment can hold


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
    synced = ("rendered", ":(exclude)rendered/*/terraform/*")
    diff = _diff(root, base, "--no-color", "--no-ext-diff", paths=synced)
    files = [part for part in re.split(r"^(?=diff --git )", diff, flags=re.MULTILINE) if part]
    if not files:
        return "### Kubernetes: nothing to change\n"
    names = "\n".join(f"- `{_name(file)}` {_count(file)}" for file in files[:100])
    more = f"\n- and {len(files) - 100} more" if len(files) > 100 else ""
    text = f"### Kubernetes: {len(files)} files that Argo CD syncs once this is merged\n\n{names}{more}\n"
    for position, file in enumerate(files):
        fence = "`" * max(5, 1 + max(map(len, re.findall("`+", file)), default=0))
        part = f"\n<details><summary>{_name(file)}</summary>\n\n{fence}diff\n{_body(file)}{fence}\n</details>\n"
        if len(text) + len(part) > limit:
            return f"{text}\nLeft out for their length: {len(files) - position}; see the pull request's diff.\n"
        text += part
    return text


def _name(file: str) -> str:
    return file.partition("\n")[0].rpartition(" b/")[2]


def _count(file: str) -> str:
    lines = _body(file).splitlines()
    return f"+{sum(x.startswith('+') for x in lines)} -{sum(x.startswith('-') for x in lines)}"


def _body(file: str) -> str:
    """The file's part of the diff without its header."""
    start = file.find("\n@@")
    return file[start + 1 :] if start >= 0 else ""


def _diff(root: Path, base: str, *options: str, paths: Sequence[str] = ()) -> str:
    try:
        return output(("git", "diff", *options, f"{base}...HEAD", "--", *paths), folder=root)
    except CommandFailedError as error:
        raise NoComparisonError(
            f"Git cannot compare with {base!r} in {root}: {error.reason}. Name a branch or commit "
            "that is there, as in --base origin/main; `git fetch origin` brings what is missing."
        ) from error
