"""ClickHouse on EC2: nodes that can be replaced, with addresses and volumes that stay."""

import cdktf
import constructs

from environments.names import (
    CLICKHOUSE_APP_USER,
    CLICKHOUSE_DATABASE,
    CLICKHOUSE_HTTPS_PORT,
    CLICKHOUSE_NATIVE_TLS_PORT,
    CLICKHOUSE_READER,
    CLICKHOUSE_SCHEMA_USER,
    Secret,
    Stack,
)
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.cluster import ClusterStack
from stacks.network import NetworkStack
from stacks.parts.clickhouse_node import settings
from stacks.parts.clickhouse_node.cloud_config import configuration_digest
from stacks.parts.clickhouse_node.instance import replaceable_node
from stacks.parts.clickhouse_node.permissions import node_statements
from stacks.parts.clickhouse_node.settings import Node
from stacks.parts.ephemeral import store_new_secret
from stacks.parts.kms import encryption_key
from stacks.parts.restore_drill import restore_drill
from stacks.parts.security_group import reachable_from_cluster
from stacks.secrets import SecretsStack
from stacks.storage import StorageStack

# The newest Amazon Linux 2023 when a node is made. A later one does not replace the node
# (`ignore_changes` in clickhouse_node/instance.py).
AMI_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
DNS_TTL_SECONDS = 60
PASSWORD_ROTATION = 1  # raise it for new passwords; nodes accept the previous ones, too


class ClickHouseStack(EnvironmentStack):
    """Nodes in all zones, each with an address, a volume and a role of its own."""

    def __init__(
        self,
        scope: constructs.Construct,
        *,
        env: Environment,
        network: NetworkStack,
        cluster: ClusterStack,
        secrets: SecretsStack,
        storage: StorageStack,
    ) -> None:
        super().__init__(scope, Stack.CLICKHOUSE, env=env)
        self._credentials(secrets)
        key = encryption_key(self, "key", names=self.names, purpose="clickhouse")
        group = self._security_group(network, cluster)
        ami = aws.DataAwsSsmParameter(self, "ami", name=AMI_PARAMETER).insecure_value
        interfaces = [
            self._node(
                Node(names=self.names, index=index),
                ami=ami,
                key=key,
                group=group,
                network=network,
                secrets=secrets,
                storage=storage,
            )
            for index in range(1, env.clickhouse.nodes + 1)
        ]
        self._dns(network, interfaces)
        restore_drill(
            self, names=self.names, vpc_id=network.vpc_id, node_security_group_id=group.id
        )
        # A node shows the digest it was built from; docs/clickhouse.md compares the two.
        cdktf.TerraformOutput(self, "configuration", value=configuration_digest(self.names))

    def _credentials(self, secrets: SecretsStack) -> None:
        store_new_secret(
            self,
            "app-user",
            secret_arn=secrets.secret_arns[Secret.CLICKHOUSE],
            fields={
                "host": self.names.clickhouse_host,
                "https_port": str(CLICKHOUSE_HTTPS_PORT),
                "native_port": str(CLICKHOUSE_NATIVE_TLS_PORT),
                "database": CLICKHOUSE_DATABASE,
                "username": CLICKHOUSE_APP_USER,
            },
            rotation=PASSWORD_ROTATION,
        )
        for id_, secret, username in (
            ("schema-user", Secret.CLICKHOUSE_SCHEMA, CLICKHOUSE_SCHEMA_USER),
            ("reader-user", Secret.CLICKHOUSE_READER, CLICKHOUSE_READER),
            ("admin-user", Secret.CLICKHOUSE_ADMIN, settings.ADMIN_USER),
            ("interserver-user", Secret.CLICKHOUSE_INTERSERVER, "interserver"),
        ):
            store_new_secret(
                self,
                id_,
                secret_arn=secrets.secret_arns[secret],
                fields={"username": username},
                rotation=PASSWORD_ROTATION,
            )

    def _security_group(self, network: NetworkStack, cluster: ClusterStack) -> aws.SecurityGroup:
        group = reachable_from_cluster(
            self,
            "security-group",
            names=self.names,
            role="clickhouse",
            vpc_id=network.vpc_id,
            cluster_security_group_id=cluster.node_security_group_id,
            ports={"https": CLICKHOUSE_HTTPS_PORT, "native": CLICKHOUSE_NATIVE_TLS_PORT},
        )
        for protocol, port in {
            "native": CLICKHOUSE_NATIVE_TLS_PORT,
            "interserver": settings.INTERSERVER_PORT,
            "keeper": settings.KEEPER_PORT,
            "raft": settings.RAFT_PORT,
        }.items():
            for direction, rule in (
                ("from", aws.VpcSecurityGroupIngressRule),
                ("to", aws.VpcSecurityGroupEgressRule),
            ):
                rule(
                    self,
                    f"{protocol}-{direction}-nodes",
                    security_group_id=group.id,
                    description=f"{protocol} {direction} the other nodes",
                    referenced_security_group_id=group.id,
                    ip_protocol="tcp",
                    from_port=port,
                    to_port=port,
                )
        # Packages, Secrets Manager, S3 and Session Manager. The VPC's DNS and time need no rule:
        # security groups do not filter them.
        aws.VpcSecurityGroupEgressRule(
            self,
            "https-to-anywhere",
            security_group_id=group.id,
            description="HTTPS to package repositories and AWS",
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
        )
        return group

    def _node(
        self,
        node: Node,
        *,
        ami: str,
        key: aws.KmsKey,
        group: aws.SecurityGroup,
        network: NetworkStack,
        secrets: SecretsStack,
        storage: StorageStack,
    ) -> aws.NetworkInterface:
        zone = (node.index - 1) % len(self.env.network.zones)
        return replaceable_node(
            self,
            node=node,
            ami=ami,
            zone=self.env.network.zones[zone],
            subnet_id=network.private_subnet_ids[zone],
            security_group_id=group.id,
            key_arn=key.arn,
            statements=node_statements(
                names=self.names,
                secret_arns=secrets.secret_arns,
                secrets_key_arn=secrets.key_arn,
                storage_key_arn=storage.key_arn,
                first=node.index == 1,
            ),
        )

    def _dns(self, network: NetworkStack, interfaces: list[aws.NetworkInterface]) -> None:
        for index, (host, interface) in enumerate(
            zip(self.names.clickhouse_hosts, interfaces, strict=True), 1
        ):
            self._record(f"record-{index}", network, host, [interface])
        # A node without tables would answer "unknown table" to one query in three.
        admitted = interfaces[: self.env.clickhouse.admitted_nodes]
        self._record("record-all", network, self.names.clickhouse_host, admitted)

    def _record(
        self, id_: str, network: NetworkStack, name: str, interfaces: list[aws.NetworkInterface]
    ) -> None:
        aws.Route53Record(
            self,
            id_,
            zone_id=network.private_zone_id,
            name=name,
            type="A",
            ttl=DNS_TTL_SECONDS,
            records=[interface.private_ip for interface in interfaces],
        )
