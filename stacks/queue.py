"""The job queue: Valkey, which speaks the Redis protocol, on ElastiCache."""

import cdktf
import constructs

from environments.names import REDIS_PORT, Secret, Stack
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.cluster import ClusterStack
from stacks.network import NetworkStack
from stacks.parts.ephemeral import store_connection, store_new_secret
from stacks.parts.final_snapshot import final_snapshot_name
from stacks.parts.kms import encryption_key
from stacks.parts.queue_user import APPLICATION, METRICS, QueueUser, queue_users
from stacks.parts.security_group import reachable_from_cluster
from stacks.secrets import SecretsStack

# Raise one to write a new password; docs/secrets.md tells what else has to happen.
PASSWORD_ROTATION = 1
METRICS_PASSWORD_ROTATION = 1

# UTC. An hour after the database's, so that a bad night hits one store at a time.
SNAPSHOT_WINDOW = "02:00-03:00"
MAINTENANCE_WINDOW = "sun:04:30-sun:05:30"
LOGS = ("slow-log", "engine-log")


class QueueStack(EnvironmentStack):
    """A replication group that asks for TLS and a password, and never evicts a job."""

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
        key = self._key()
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
            key=key,
            subnets=self._subnet_group(network),
            security_group=self._security_group(network, cluster),
            parameters=self._parameter_group(),
            users=self._user_group(queue_users(self, names=self.names, credentials=credentials)),
            logs=self._log_groups(key),
        )
        self._connection(group, secrets)

    def _key(self) -> aws.KmsKey:
        return encryption_key(
            self,
            "key",
            names=self.names,
            purpose="redis",
            for_logs=True,
        )

    def _subnet_group(self, network: NetworkStack) -> aws.ElasticacheSubnetGroup:
        return aws.ElasticacheSubnetGroup(
            self,
            "subnet-group",
            name=self.names.aws("redis"),
            description="Subnets without a way out of the VPC",
            subnet_ids=network.data_subnet_ids,
        )

    def _security_group(self, network: NetworkStack, cluster: ClusterStack) -> aws.SecurityGroup:
        return reachable_from_cluster(
            self,
            "security-group",
            names=self.names,
            role="redis",
            vpc_id=network.vpc_id,
            cluster_security_group_id=cluster.node_security_group_id,
            ports={"redis": REDIS_PORT},
        )

    def _parameter_group(self) -> aws.ElasticacheParameterGroup:
        family = f"valkey{self.env.queue.engine_version.partition('.')[0]}"
        return aws.ElasticacheParameterGroup(
            self,
            "parameter-group",
            # A major upgrade needs the new family's group beside the old one.
            name=self.names.aws(f"redis-{family}"),
            family=family,
            description="A full queue refuses new jobs and keeps the old",
            parameter=[
                aws.ElasticacheParameterGroupParameter(name="maxmemory-policy", value="noeviction")
            ],
            lifecycle=cdktf.TerraformResourceLifecycle(create_before_destroy=True),
        )

    def _log_groups(self, key: aws.KmsKey) -> dict[str, aws.CloudwatchLogGroup]:
        return {
            log: aws.CloudwatchLogGroup(
                self,
                f"{log}-group",
                # AWS lets its services write to this prefix without a policy for each group.
                name=f"/aws/vendedlogs/elasticache/{self.names.aws('redis')}/{log}",
                retention_in_days=self.env.queue.log_retention_days,
                kms_key_id=key.arn,
            )
            for log in LOGS
        }

    def _password(
        self, user: QueueUser, secret: Secret, *, rotation: int, secrets: SecretsStack
    ) -> aws.SecretsmanagerSecretVersion:
        """In an entry of its own, because ElastiCache needs it before the queue has an address."""
        return store_new_secret(
            self,
            secret,
            secret_arn=secrets.secret_arns[secret],
            fields={"username": user.name},
            rotation=rotation,
        )

    def _user_group(self, user_ids: list[str]) -> aws.ElasticacheUserGroup:
        """Unlike Redis, Valkey asks for no user named `default`: without one, nobody is let in."""
        return aws.ElasticacheUserGroup(
            self,
            "user-group",
            user_group_id=self.names.aws("redis"),
            engine="valkey",
            user_ids=user_ids,
        )

    def _replication_group(
        self,
        *,
        key: aws.KmsKey,
        subnets: aws.ElasticacheSubnetGroup,
        security_group: aws.SecurityGroup,
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
            # Who may come in, and how.
            subnet_group_name=subnets.name,
            security_group_ids=[security_group.id],
            user_group_ids=[users.user_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled="true",
            kms_key_id=key.arn,
            # What survives a mistake.
            snapshot_retention_limit=queue.snapshot_retention_days,
            snapshot_window=SNAPSHOT_WINDOW,
            final_snapshot_identifier=final_snapshot_name(
                self, "life", names=self.names, role="redis", replaced_with={"key": key.arn}
            ),
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
        """Where pods connect, known only now; whom they connect as is in entries of their own."""
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
