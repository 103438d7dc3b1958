"""PostgreSQL on RDS: the platform's state."""

import constructs

from environments.names import (
    POSTGRES_APP_USER,
    POSTGRES_DATABASE,
    POSTGRES_LOG_EXPORTS,
    POSTGRES_PORT,
    Secret,
    Stack,
)
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.cluster import ClusterStack
from stacks.network import NetworkStack
from stacks.parts.data_store import DataStore, data_store
from stacks.parts.database_parameters import parameter_group
from stacks.parts.ephemeral import new_password, store_new_secret
from stacks.parts.iam import ServiceRole, service_role, trust
from stacks.secrets import SecretsStack

ADMIN_USER = "eval_admin"
# Raise one to write a new password; docs/secrets.md lists the other steps.
ADMIN_PASSWORD_ROTATION = 1
APP_PASSWORD_ROTATION = 1

# UTC. Nightly backup first, then the weekly maintenance; AWS refuses windows that overlap.
BACKUP_WINDOW = "01:00-02:00"
MAINTENANCE_WINDOW = "sun:03:00-sun:04:00"
# From this size, gp3 storage of PostgreSQL starts at this performance, at no extra cost. AWS refuses a lower
# one, and refuses any value for smaller storage (RDS user guide, "gp3 storage"). When storage grows to this
# size, the provider would send the old 3,000 IOPS if none were named (terraform-provider-aws issue 28382).
STRIPED_FROM_GIB = 400
STRIPED_IOPS = 12_000
STRIPED_MIB_PER_SECOND = 500


class DatabaseStack(EnvironmentStack):
    """One encrypted instance, with its backups, logs and passwords, reachable from the cluster."""

    instance_arn: str

    def __init__(
        self,
        scope: constructs.Construct,
        *,
        env: Environment,
        network: NetworkStack,
        cluster: ClusterStack,
        secrets: SecretsStack,
    ) -> None:
        super().__init__(scope, Stack.DATABASE, env=env)
        store = data_store(
            self,
            names=self.names,
            role="postgres",
            port=POSTGRES_PORT,
            subnet_group=aws.DbSubnetGroup,
            subnet_ids=network.data_subnet_ids,
            vpc_id=network.vpc_id,
            cluster_security_group_id=cluster.node_security_group_id,
        )
        instance = self._instance(
            store,
            parameters=parameter_group(self, names=self.names),
            monitoring_role=self._monitoring_role(),
            log_groups=self._log_groups(store),
        )
        self._admin_credentials(instance, secrets)
        self._app_credentials(instance, secrets)

        self.instance_arn = instance.arn

    def _monitoring_role(self) -> ServiceRole:
        return service_role(
            self,
            "monitoring-role",
            names=self.names,
            name=self.names.aws("postgres-monitoring"),
            trust_policy=trust(
                "monitoring.rds.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": self.env.account.id}},
            ),
            managed_policies=("service-role/AmazonRDSEnhancedMonitoringRole",),
        )

    def _log_groups(self, store: DataStore) -> list[aws.CloudwatchLogGroup]:
        """Made before the instance: RDS would make groups of its own, which keep logs for ever."""
        return [
            aws.CloudwatchLogGroup(
                self,
                f"{export}-log-group",
                name=name,
                retention_in_days=self.env.database.log_retention_days,
                kms_key_id=store.key_arn,
            )
            for export, name in self.names.database_log_groups.items()
        ]

    def _instance(
        self,
        store: DataStore,
        *,
        parameters: aws.DbParameterGroup,
        monitoring_role: ServiceRole,
        log_groups: list[aws.CloudwatchLogGroup],
    ) -> aws.DbInstance:
        database = self.env.database
        striped = database.storage_gib >= STRIPED_FROM_GIB
        return aws.DbInstance(
            self,
            "instance",
            identifier=self.names.aws("postgres"),
            engine="postgres",
            engine_version=database.engine_version,
            auto_minor_version_upgrade=True,
            instance_class=database.instance_class,
            parameter_group_name=parameters.name,
            db_name=POSTGRES_DATABASE,
            port=POSTGRES_PORT,
            # Who can connect, and how.
            db_subnet_group_name=store.subnet_group_name,
            vpc_security_group_ids=[store.security_group_id],
            publicly_accessible=False,
            ca_cert_identifier="rds-ca-rsa2048-g1",
            username=ADMIN_USER,
            password_wo=new_password(self, "postgres-admin"),
            password_wo_version=ADMIN_PASSWORD_ROTATION,
            # Roles granted `rds_iam` sign in with tokens valid for 15 minutes, so people need no
            # password.
            iam_database_authentication_enabled=True,
            # Storage. The provider does not report growth up to the maximum as drift.
            storage_type="gp3",
            allocated_storage=database.storage_gib,
            max_allocated_storage=database.max_storage_gib,
            iops=STRIPED_IOPS if striped else None,
            storage_throughput=STRIPED_MIB_PER_SECOND if striped else None,
            storage_encrypted=True,
            kms_key_id=store.key_arn,
            # What survives a mistake.
            multi_az=database.multi_az,
            deletion_protection=database.deletion_protection,
            backup_retention_period=database.backup_retention_days,
            backup_window=BACKUP_WINDOW,
            copy_tags_to_snapshot=True,
            delete_automated_backups=False,
            skip_final_snapshot=False,
            final_snapshot_identifier=store.final_snapshot_name,
            maintenance_window=MAINTENANCE_WINDOW,
            apply_immediately=False,
            # Monitoring.
            monitoring_interval=60,
            monitoring_role_arn=monitoring_role.arn,
            performance_insights_enabled=True,
            performance_insights_kms_key_id=store.key_arn,
            performance_insights_retention_period=database.performance_insights_retention_days,
            enabled_cloudwatch_logs_exports=list(POSTGRES_LOG_EXPORTS),
            depends_on=[*log_groups, *monitoring_role.permissions],
        )

    def _admin_credentials(self, instance: aws.DbInstance, secrets: SecretsStack) -> None:
        """The password that the same apply gave the instance.

        It is written after the instance exists, because creating the instance can fail. If an apply
        stops between the two, raise `ADMIN_PASSWORD_ROTATION`: both get the same new password.
        """
        store_new_secret(
            self,
            "postgres-admin",
            secret_arn=secrets.secret_arns[Secret.POSTGRES_ADMIN],
            fields={"username": instance.username},
            rotation=ADMIN_PASSWORD_ROTATION,
        )

    def _app_credentials(self, instance: aws.DbInstance, secrets: SecretsStack) -> None:
        """What pods connect with. The Kubernetes job `database-users` creates the user."""
        store_new_secret(
            self,
            "postgres",
            secret_arn=secrets.secret_arns[Secret.POSTGRES],
            fields={
                "host": instance.address,
                "port": str(POSTGRES_PORT),
                "database": POSTGRES_DATABASE,
                "username": POSTGRES_APP_USER,
            },
            rotation=APP_PASSWORD_ROTATION,
        )
