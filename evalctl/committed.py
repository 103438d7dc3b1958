"""What is committed on a branch: the one thing that Argo CD syncs."""

import subprocess
from pathlib import Path


class NotCommittedError(Exception):
    """Git does not show the file on that branch; the message says what was asked."""


def text_of(file: Path, *, branch: str) -> str:
    """The file's text on the branch: the remote's, as last fetched, or the local one without a remote.

    Raises:
        NotCommittedError: there is no git repository, no such branch, or no such file on it.
    """
    for revision in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
        command = ["git", "show", f"{revision}:./{file.name}"]
        try:
            shown = subprocess.run(
                command, cwd=file.parent, capture_output=True, text=True, check=False
            )
        except FileNotFoundError as error:
            raise NotCommittedError("git is not installed") from error
        if shown.returncode == 0:
            return shown.stdout
    raise NotCommittedError(
        f"git finds {file.name} neither on origin/{branch} nor on {branch}: {shown.stderr.strip()}"
    )
