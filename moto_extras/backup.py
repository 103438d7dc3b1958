"""AWS Backup, put together from its parts."""

from types import ModuleType

from moto.backup import urls

from moto_extras.backup_plans import PlanBackend, PlanResponse
from moto_extras.backup_recovery_points import RecoveryPointBackend, RecoveryPointResponse
from moto_extras.backup_selections import SelectionBackend, SelectionResponse
from moto_extras.backup_tags import TagResponse


class ExtendedBackupBackend(RecoveryPointBackend, SelectionBackend, PlanBackend):
    @property
    def _url_module(self) -> ModuleType:
        return urls


class ExtendedBackupResponse(RecoveryPointResponse, SelectionResponse, PlanResponse, TagResponse):
    """Everything that AWS Backup answers here."""
