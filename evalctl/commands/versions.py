"""`evalctl versions`: the versions that belong to each Kubernetes minor."""

from evalctl.rendering import versions_table
from evalctl.values import known_environments


def command() -> None:
    """Print as Markdown the versions that belong to each Kubernetes minor, and its end of support.

    Example: evalctl versions
    """
    print(versions_table.markdown(known_environments()))
