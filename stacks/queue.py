"""The job queue: Valkey, which implements the Redis protocol, on ElastiCache."""

import cdktf
import constructs

from environments.names import REDIS_PORT, Secret, Stack
from environments.queue_users import APPLICATION, METRICS, QueueUser
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.cluster import ClusterStack
from stacks.network import NetworkStack
from stacks.parts.data_store import DataStore, data_store
from stacks.parts.ephemeral import store_connection, store_new_secret
from stacks.parts.queue_user import queue_users
from stacks.secrets import SecretsStack

# Raise one to write a new password; docs/secrets.md lists the other steps.
PASSWORD_ROTATION = 1
METRICS_PASSWORD_ROTATION = 1

# UTC. An hour after the database's, so that a failure there affects one store at a time.
SNAPSHOT_WINDOW = "02:00-03:00"
MAINTENANCE_WINDOW = "sun:04:30-sun:05:30"
LOGS = ("slow-log", "engine-log")


class QueueStack(EnvironmentStack):
    """A replication group that requires TLS and a password, and never evicts a job."""

    def __init__(
        self,
        scope: constructs.Construct,
        *,
        env: Environment,
        network: NetworkStack,
        cluster: ClusterStack,
        secrets: SecretsStack,
    ) -> None:
        super().__init__(scope, Stack.QUEUE, env=env)
        store = data_store(
            self,
            names=self.names,
            role="redis",
            port=REDIS_PORT,
            subnet_group=aws.ElasticacheSubnetGroup,
            subnet_ids=network.data_subnet_ids,
            vpc_id=network.vpc_id,
            cluster_security_group_id=cluster.node_security_group_id,
        )
        credentials = {
            APPLICATION: self._password(
                APPLICATION, Secret.REDIS_USER, rotation=PASSWORD_ROTATION, secrets=secrets
            ),
            METRICS: self._password(
                METRICS,
                Secret.REDIS_METRICS_USER,
                rotation=METRICS_PASSWORD_ROTATION,
                secrets=secrets,
            ),
        }
        group = self._replication_group(
            store,
            parameters=self._parameter_group(),
            users=self._user_group(queue_users(self, names=self.names, credentials=credentials)),
            logs=self._log_groups(store),
        )
        self._connection(group, secrets)

    def _parameter_group(self) -> aws.ElasticacheParameterGroup:
        family = f"valkey{self.env.queue.engine_version.partition('.')[0]}"
        return aws.ElasticacheParameterGroup(
            self,
            "parameter-group",
            # During a major upgrade the groups of both families exist.
            name=self.names.aws(f"redis-{family}"),
            family=family,
            description="A full queue refuses new jobs and keeps the old",
            parameter=[
                aws.ElasticacheParameterGroupParameter(name="maxmemory-policy", value="noeviction")
            ],
            lifecycle=cdktf.TerraformResourceLifecycle(create_before_destroy=True),
        )

    def _log_groups(self, store: DataStore) -> dict[str, aws.CloudwatchLogGroup]:
        return {
            log: aws.CloudwatchLogGroup(
                self,
                f"{log}-group",
                # AWS services may write under this prefix without a policy for each group.
                name=f"/aws/vendedlogs/elasticache/{self.names.aws('redis')}/{log}",
                retention_in_days=self.env.queue.log_retention_days,
                kms_key_id=store.key_arn,
            )
            for log in LOGS
        }

    def _password(
        self, user: QueueUser, secret: Secret, *, rotation: int, secrets: SecretsStack
    ) -> aws.SecretsmanagerSecretVersion:
        """In a secret of its own, because ElastiCache needs it before the queue has an address."""
        return store_new_secret(
            self,
            secret,
            secret_arn=secrets.secret_arns[secret],
            fields={"username": user.name},
            rotation=rotation,
        )

    def _user_group(self, user_ids: list[str]) -> aws.ElasticacheUserGroup:
        """Has no user named `default`, which Redis requires and Valkey does not.

        Without that user, no client connects without a password.
        """
        return aws.ElasticacheUserGroup(
            self,
            "user-group",
            user_group_id=self.names.aws("redis"),
            engine="valkey",
            user_ids=user_ids,
        )

    def _replication_group(
        self,
        store: DataStore,
        *,
        parameters: aws.ElasticacheParameterGroup,
        users: aws.ElasticacheUserGroup,
        logs: dict[str, aws.CloudwatchLogGroup],
    ) -> aws.ElasticacheReplicationGroup:
        queue = self.env.queue
        return aws.ElasticacheReplicationGroup(
            self,
            "replication-group",
            replication_group_id=self.names.aws("redis"),
            description=f"{self.names.prefix}: evaluation jobs",
            engine="valkey",
            engine_version=queue.engine_version,
            auto_minor_version_upgrade="true",
            node_type=queue.node_type,
            parameter_group_name=parameters.name,
            port=REDIS_PORT,
            num_cache_clusters=1 + queue.replicas,
            multi_az_enabled=queue.replicas > 0,
            automatic_failover_enabled=queue.replicas > 0,
            # Who can connect, and how.
            subnet_group_name=store.subnet_group_name,
            security_group_ids=[store.security_group_id],
            user_group_ids=[users.user_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled="true",
            kms_key_id=store.key_arn,
            # What survives a mistake.
            snapshot_retention_limit=queue.snapshot_retention_days,
            snapshot_window=SNAPSHOT_WINDOW,
            final_snapshot_identifier=store.final_snapshot_name,
            maintenance_window=MAINTENANCE_WINDOW,
            apply_immediately=False,
            log_delivery_configuration=[
                aws.ElasticacheReplicationGroupLogDeliveryConfiguration(
                    log_type=log,
                    log_format="json",
                    destination_type="cloudwatch-logs",
                    destination=group.name,
                )
                for log, group in logs.items()
            ],
        )

    def _connection(self, group: aws.ElasticacheReplicationGroup, secrets: SecretsStack) -> None:
        """Where pods connect, known only after the apply. The users are in secrets of their own."""
        store_connection(
            self,
            "redis",
            secret_arn=secrets.secret_arns[Secret.REDIS],
            fields={
                "host": group.primary_endpoint_address,
                "port": str(REDIS_PORT),
                "tls": "true",
            },
        )
