"""The halves of a rehearsal."""

from enum import StrEnum


class Half(StrEnum):
    """What is rehearsed if not all of it."""

    AWS = "aws"  # terraform on the emulated AWS
    CLUSTER = "cluster"  # Argo CD on a real control plane
