"""AWS Backup, put together from its parts."""

from types import ModuleType

from moto.backup import urls

from .plans import PlanBackend, PlanResponse
from .recovery_points import RecoveryPointBackend, RecoveryPointResponse
from .selections import SelectionBackend, SelectionResponse
from .tags import TagResponse


class ExtendedBackupBackend(RecoveryPointBackend, SelectionBackend, PlanBackend):
    @property
    def _url_module(self) -> ModuleType:
        return urls


class ExtendedBackupResponse(RecoveryPointResponse, SelectionResponse, PlanResponse, TagResponse):
    """Everything that AWS Backup answers here."""
