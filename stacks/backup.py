"""Backups of RDS and S3 in a vault of their own, which stay when their source is deleted."""

import constructs

from environments.names import BACKED_UP_BUCKETS, Stack
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.database import DatabaseStack
from stacks.parts.iam import ServiceRole, service_role, trust
from stacks.parts.kms import encryption_key
from stacks.storage import StorageStack

# UTC. AWS Backup does not back up an RDS instance during the instance's backup and maintenance
# windows or in the hour before them (see stacks/database.py). Both jobs start at most an hour late,
# which is still far from these windows.
DAILY = "cron(0 20 * * ? *)"
MONTHLY = "cron(0 17 1 * ? *)"
START_WITHIN_MINUTES = 60
COMPLETE_WITHIN_MINUTES = 720


class BackupStack(EnvironmentStack):
    """Vault, plans and roles; a second vault in another region if the environment names one."""

    def __init__(
        self,
        scope: constructs.Construct,
        *,
        env: Environment,
        database: DatabaseStack,
        storage: StorageStack,
    ) -> None:
        super().__init__(scope, Stack.BACKUP, env=env)
        self.add_dependency(storage)  # this stack refers to the buckets by name only
        vault = self._vault()
        copy_vault = self._copy_vault()
        role = self._role(
            "backup-role",
            "backup",
            "service-role/AWSBackupServiceRolePolicyForBackup",
            "AWSBackupServiceRolePolicyForS3Backup",
        )
        # For the operator who restores. The nightly role cannot restore, so it cannot overwrite data.
        self._role(
            "restore-role",
            "backup-restore",
            "service-role/AWSBackupServiceRolePolicyForRestores",
            "AWSBackupServiceRolePolicyForS3Restore",
        )
        # RDS has its own point-in-time recovery. If AWS Backup did it, it would change the
        # instance's backup settings, and Terraform would change them back on every apply.
        self._plan(
            "database",
            vault,
            copy_vault,
            role,
            resources=[database.instance_arn],
            point_in_time=False,
        )
        self._plan(
            "buckets",
            vault,
            copy_vault,
            role,
            resources=[self.names.bucket_arn(bucket) for bucket in BACKED_UP_BUCKETS],
            point_in_time=True,
        )

    def _vault(self) -> aws.BackupVault:
        key = encryption_key(self, "key", names=self.names, purpose="backup")
        vault = aws.BackupVault(
            self, "vault", name=self.names.aws("backup"), kms_key_arn=key.arn, force_destroy=False
        )
        self._lock("vault-lock", vault, self.env.backup.daily_retention_days)
        return vault

    def _copy_vault(self) -> aws.BackupVault | None:
        region = self.env.account.backup_copy_region
        if region is None:
            return None
        copy_region = aws.AwsProvider(
            self,
            "aws-copy",
            alias="copy",
            region=region,
            allowed_account_ids=[self.env.account.id],
            default_tags=[aws.AwsProviderDefaultTags(tags=self.names.tags(Stack.BACKUP))],
        )
        key = encryption_key(
            self,
            "copy-key",
            names=self.names,
            purpose="backup-copy",
            description="copies of backups",
            provider=copy_region,
        )
        vault = aws.BackupVault(
            self,
            "copy-vault",
            provider=copy_region,
            name=self.names.aws("backup-copy"),
            kms_key_arn=key.arn,
            force_destroy=False,
        )
        self._lock(
            "copy-vault-lock", vault, self.env.backup.copy_retention_days, provider=copy_region
        )
        return vault

    def _lock(
        self,
        id_: str,
        vault: aws.BackupVault,
        min_retention_days: int,
        *,
        provider: aws.AwsProvider | None = None,
    ) -> None:
        """Governance mode (no `changeable_for_days`): a person with the permission can remove it.

        Nobody, not even AWS, can remove a lock in compliance mode while a backup exists.
        """
        if not self.env.backup.vault_locked:
            return
        aws.BackupVaultLockConfiguration(
            self,
            id_,
            provider=provider,
            backup_vault_name=vault.name,
            min_retention_days=min_retention_days,
        )

    def _role(self, id_: str, name: str, *managed_policies: str) -> ServiceRole:
        return service_role(
            self,
            id_,
            names=self.names,
            name=self.names.aws(name),
            trust_policy=trust(
                "backup.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": self.env.account.id}},
            ),
            managed_policies=managed_policies,
        )

    def _plan(
        self,
        id_: str,
        vault: aws.BackupVault,
        copy_vault: aws.BackupVault | None,
        role: ServiceRole,
        *,
        resources: list[str],
        point_in_time: bool,
    ) -> None:
        plan = aws.BackupPlan(
            self,
            f"{id_}-plan",
            name=self.names.aws(id_),
            rule=[self._daily(vault, copy_vault, point_in_time), *self._monthly(vault)],
        )
        aws.BackupSelection(
            self,
            f"{id_}-selection",
            name=self.names.aws(id_),
            plan_id=plan.id,
            iam_role_arn=role.arn,
            resources=resources,
            depends_on=list(role.permissions),
        )

    def _daily(
        self, vault: aws.BackupVault, copy_vault: aws.BackupVault | None, point_in_time: bool
    ) -> aws.BackupPlanRule:
        backup = self.env.backup
        return aws.BackupPlanRule(
            rule_name="daily",
            target_vault_name=vault.name,
            schedule=DAILY,
            start_window=START_WITHIN_MINUTES,
            completion_window=COMPLETE_WITHIN_MINUTES,
            enable_continuous_backup=point_in_time,
            lifecycle=aws.BackupPlanRuleLifecycle(delete_after=backup.daily_retention_days),
            copy_action=None
            if copy_vault is None
            else [
                aws.BackupPlanRuleCopyAction(
                    destination_vault_arn=copy_vault.arn,
                    lifecycle=aws.BackupPlanRuleCopyActionLifecycle(
                        delete_after=backup.copy_retention_days
                    ),
                )
            ],
        )

    def _monthly(self, vault: aws.BackupVault) -> tuple[aws.BackupPlanRule, ...]:
        days = self.env.backup.monthly_retention_days
        if days == 0:
            return ()
        return (
            aws.BackupPlanRule(
                rule_name="monthly",
                target_vault_name=vault.name,
                schedule=MONTHLY,
                start_window=START_WITHIN_MINUTES,
                completion_window=COMPLETE_WITHIN_MINUTES,
                lifecycle=aws.BackupPlanRuleLifecycle(delete_after=days),
            ),
        )
