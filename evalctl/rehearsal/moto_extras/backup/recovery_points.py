"""AWS Backup recovery points, and the vaults and locks that hold them."""

from moto.backup.exceptions import InvalidRequestException, ResourceNotFoundException
from moto.backup.models import BackupBackend, Vault
from moto.backup.responses import BackupResponse
from moto.core.common_models import BaseModel
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from ..registry import extended

PATHS = (
    "{0}/backup-jobs$",
    "{0}/backup-vaults/(?P<name>[^/]+)/recovery-points/$",
    "{0}/backup-vaults/(?P<name>[^/]+)/recovery-points/(?P<arn>.+)$",
)


class RecoveryPoint(BaseModel):
    def __init__(self, *, vault: Vault, resource_arn: str, iam_role_arn: str) -> None:
        prefix = vault.backup_vault_arn.partition(":backup-vault:")[0]
        self.recovery_point_arn = f"{prefix}:recovery-point:{mock_random.uuid4()}"
        self.backup_vault_name = vault.backup_vault_name
        self.backup_vault_arn = vault.backup_vault_arn
        self.resource_arn = resource_arn
        self.iam_role_arn = iam_role_arn
        self.status = "COMPLETED"
        self.creation_date = utcnow()


class RecoveryPointBackend(BackupBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.recovery_points: dict[str, RecoveryPoint] = {}

    def start_backup_job(
        self, vault_name: str, resource_arn: str, iam_role_arn: str
    ) -> RecoveryPoint:
        """The job completes at once."""
        vault = self.describe_backup_vault(vault_name)
        point = RecoveryPoint(vault=vault, resource_arn=resource_arn, iam_role_arn=iam_role_arn)
        self.recovery_points[point.recovery_point_arn] = point
        return point

    def list_recovery_points(self, vault_name: str) -> list[RecoveryPoint]:
        self.describe_backup_vault(vault_name)
        return [
            point
            for point in self.recovery_points.values()
            if point.backup_vault_name == vault_name
        ]

    def delete_recovery_point(self, vault_name: str, arn: str) -> None:
        """A vault lock of either mode denies it to every principal (developer guide, "Vault Lock")."""
        if self.describe_backup_vault(vault_name).locked:
            raise InvalidRequestException("The backup vault is locked")
        if arn not in [point.recovery_point_arn for point in self.list_recovery_points(vault_name)]:
            raise ResourceNotFoundException("Cannot find recovery point")
        del self.recovery_points[arn]

    def delete_backup_vault(self, backup_vault_name: str) -> None:
        if backup_vault_name in self.vaults and self.list_recovery_points(backup_vault_name):
            raise InvalidRequestException(
                "Backup vault cannot be deleted because it contains recovery points."
            )
        super().delete_backup_vault(backup_vault_name)


class RecoveryPointResponse(BackupResponse):
    @property
    def recovery_points(self) -> RecoveryPointBackend:
        return extended(self.backup_backend, RecoveryPointBackend)

    def start_backup_job(self) -> ActionResult:
        point = self.recovery_points.start_backup_job(
            self._get_param("BackupVaultName"),
            self._get_param("ResourceArn"),
            self._get_param("IamRoleArn"),
        )
        return ActionResult(point)

    def list_recovery_points_by_backup_vault(self) -> ActionResult:
        points = self.recovery_points.list_recovery_points(self._get_param("backupVaultName"))
        return ActionResult({"RecoveryPoints": points})

    def delete_recovery_point(self) -> ActionResult:
        self.recovery_points.delete_recovery_point(
            self._get_param("backupVaultName"), self._get_param("recoveryPointArn")
        )
        return EmptyResult()
