"""What is committed on a branch: the one thing that Argo CD syncs."""

from pathlib import Path

from evalctl.processes import CommandFailedError, output


class NotCommittedError(Exception):
    """Git does not show the file on that branch; the message says what was asked."""


def text_of(file: Path, *, branch: str) -> str:
    """The file's text on the branch: the remote's, as last fetched, or the local one without a remote.

    Raises:
        NotCommittedError: there is no git repository, no such branch, or no such file on it.
    """
    for revision in (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"):
        try:
            return output(("git", "show", f"{revision}:./{file.name}"), folder=file.parent)
        except CommandFailedError as error:
            reason = error.reason
    raise NotCommittedError(
        f"git finds {file.name} neither on origin/{branch} nor on {branch}: {reason}"
    )
