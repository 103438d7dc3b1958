"""S3: bucket policies with conditions."""

from .policies import PolicyBackend, PolicyResponse


class ExtendedS3Backend(PolicyBackend):
    """All resources of S3."""


class ExtendedS3Response(PolicyResponse):
    """All operations of S3."""
