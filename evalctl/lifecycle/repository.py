"""Compares this checkout with the branch in Git: Argo CD syncs the branch, not this folder."""

from environments.names import Names
from evalctl.processes import CommandFailedError, output


def warnings(names: Names) -> list[str]:
    """Where this checkout differs from the branch that Argo CD follows, as last fetched."""
    repository = names.env.repository
    rendered = f"rendered/{names.env.name}"
    branch = f"origin/{repository.revision}"
    try:
        uncommitted = output(("git", "status", "--porcelain", "--", rendered)).strip()
        differing = output(("git", "diff", "--name-only", branch, "--", rendered)).strip()
    except CommandFailedError as error:
        return [f"{rendered} was not compared with {branch}: {error.reason}"]
    if not uncommitted and not differing:
        return []
    return [
        f"{rendered} differs from {branch}. Argo CD syncs {repository.revision} of "
        f"{repository.url}, and will soon replace what differs"
    ]
