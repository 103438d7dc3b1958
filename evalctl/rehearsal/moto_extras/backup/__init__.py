"""AWS Backup: plans, selections, recovery points with their vaults and locks, and tags by ARN."""

from .plans import PlanBackend, PlanResponse
from .recovery_points import PATHS, RecoveryPointBackend, RecoveryPointResponse
from .selections import SelectionBackend, SelectionResponse
from .tags import TagResponse

__all__ = ["PATHS", "ExtendedBackupBackend", "ExtendedBackupResponse"]


class ExtendedBackupBackend(RecoveryPointBackend, SelectionBackend, PlanBackend):
    """All resources of AWS Backup."""


class ExtendedBackupResponse(RecoveryPointResponse, SelectionResponse, PlanResponse, TagResponse):
    """All operations of AWS Backup."""
