"""`evalctl versions`: what is coupled to each Kubernetes minor."""

from evalctl.checks import versions
from evalctl.terminal import known_environments


def command() -> None:
    """Print what is coupled to each Kubernetes minor, and how long EKS supports it, as Markdown."""
    print(versions.markdown(known_environments()))
