"""The EKS cluster: control plane, administrators, nodes, add-ons, and the pods' AWS roles."""

import re
from collections.abc import Sequence

import constructs

from environments.names import (
    API_TOKEN_KEY,
    KUBERNETES_SECRETS,
    SERVICE_CIDR,
    Secret,
    Stack,
)
from environments.node_pools import node_pools
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.network import NetworkStack
from stacks.parts.cluster_addons import addons_of_nodes, addons_on_nodes
from stacks.parts.cluster_identities import controller_identities, workload_identities
from stacks.parts.ephemeral import store_new_secret
from stacks.parts.iam import Statement, service_role, trust
from stacks.parts.kms import encryption_key
from stacks.parts.node_group import node_group
from stacks.secrets import SecretsStack
from stacks.storage import StorageStack

# Raise one to write a new value; docs/secrets.md lists the other steps.
GRAFANA_PASSWORD_ROTATION = 1
API_TOKEN_ROTATION = 1


class ClusterStack(EnvironmentStack):
    """EKS in the private subnets: one node group for services, one on spot for workers."""

    node_security_group_id: str  # of every node and, with the VPC CNI, of every pod

    def __init__(
        self,
        scope: constructs.Construct,
        *,
        env: Environment,
        network: NetworkStack,
        secrets: SecretsStack,
        storage: StorageStack,
    ) -> None:
        super().__init__(scope, Stack.CLUSTER, env=env)
        cluster = self._control_plane(network, self._log_group())
        self._private_access(cluster)
        self._administrators(cluster)
        node_security_group_id = cluster.vpc_config.cluster_security_group_id
        needed_by_nodes = addons_of_nodes(self, names=self.names, cluster=cluster)
        nodes = self._nodes(cluster, network, needed_by_nodes)
        addons_on_nodes(self, names=self.names, cluster=cluster, nodes=nodes)
        controller_identities(
            self,
            names=self.names,
            cluster=cluster,
            vpc_id=network.vpc_id,
            node_security_group_id=node_security_group_id,
            secret_arns=[secrets.secret_arns[secret] for secret in KUBERNETES_SECRETS],
            secrets_key_arn=secrets.key_arn,
        )
        workload_identities(
            self, names=self.names, cluster=cluster, storage_key_arn=storage.key_arn
        )
        self._grafana_administrator(secrets)
        self._api_token(secrets)

        self.node_security_group_id = node_security_group_id

    def _grafana_administrator(self, secrets: SecretsStack) -> None:
        """Grafana's password, which its chart would otherwise generate anew at each rendering."""
        store_new_secret(
            self,
            Secret.GRAFANA_ADMIN,
            secret_arn=secrets.secret_arns[Secret.GRAFANA_ADMIN],
            fields={"username": "admin"},
            rotation=GRAFANA_PASSWORD_ROTATION,
        )

    def _api_token(self, secrets: SecretsStack) -> None:
        store_new_secret(
            self,
            Secret.API_TOKEN,
            secret_arn=secrets.secret_arns[Secret.API_TOKEN],
            fields={},
            generated_field=API_TOKEN_KEY,
            rotation=API_TOKEN_ROTATION,
        )

    def _log_group(self) -> aws.CloudwatchLogGroup:
        """Made before the cluster: EKS would make a group of its own, which keeps logs for ever."""
        key = encryption_key(
            self,
            "log-key",
            names=self.names,
            purpose="eks-logs",
            for_logs=True,
        )
        return aws.CloudwatchLogGroup(
            self,
            "log-group",
            name=self.names.cluster_log_group,
            retention_in_days=self.env.cluster.log_retention_days,
            kms_key_id=key.arn,
        )

    def _control_plane(
        self, network: NetworkStack, log_group: aws.CloudwatchLogGroup
    ) -> aws.EksCluster:
        public_cidrs = list(self.env.cluster.public_access_cidrs)
        key = encryption_key(self, "secrets-key", names=self.names, purpose="kubernetes-secrets")
        role = service_role(
            self,
            "cluster-role",
            names=self.names,
            name=self.names.aws("eks-cluster"),
            trust_policy=trust(
                "eks.amazonaws.com",
                conditions={"ArnLike": {"aws:SourceArn": self.names.cluster_arn}},
            ),
            managed_policies=("AmazonEKSClusterPolicy",),
            # EKS's health check of the key lists its grants. Without the right, the account's trail
            # fills with denials (terraform-aws-eks, issue 1913).
            statements=(Statement(actions=("kms:ListGrants",), resources=(key.arn,)),),
        )
        return aws.EksCluster(
            self,
            "cluster",
            name=self.names.cluster,
            version=self.env.cluster.kubernetes_version,
            role_arn=role.arn,
            vpc_config=aws.EksClusterVpcConfig(
                subnet_ids=network.private_subnet_ids,
                endpoint_private_access=True,
                endpoint_public_access=bool(public_cidrs),
                public_access_cidrs=public_cidrs or None,
            ),
            access_config=aws.EksClusterAccessConfig(
                authentication_mode="API",
                # The deploy role needs nothing inside the cluster.
                bootstrap_cluster_creator_admin_permissions=False,
            ),
            # The add-ons below replace EKS's unmanaged copies from the start.
            bootstrap_self_managed_addons=False,
            encryption_config=aws.EksClusterEncryptionConfig(
                provider=aws.EksClusterEncryptionConfigProvider(key_arn=key.arn),
                resources=["secrets"],
            ),
            enabled_cluster_log_types=[
                "api",
                "audit",
                "authenticator",
                "controllerManager",
                "scheduler",
            ],
            kubernetes_network_config=aws.EksClusterKubernetesNetworkConfig(
                service_ipv4_cidr=SERVICE_CIDR
            ),
            # When standard support ends, EKS upgrades the cluster instead of charging for more time.
            upgrade_policy=aws.EksClusterUpgradePolicy(support_type="STANDARD"),
            # Deleted last: without these rights EKS cannot clean up when the cluster is deleted.
            depends_on=[log_group, *role.permissions],
        )

    def _private_access(self, cluster: aws.EksCluster) -> None:
        """Rules for the security group that EKS makes, which admits only its own members.

        Source: EKS user guide, "Security group requirements" and "Cluster API server endpoint".
        """
        for cidr in self.env.cluster.private_access_cidrs:
            aws.VpcSecurityGroupIngressRule(
                self,
                f"api-from-{re.sub('[./]', '-', cidr)}",
                security_group_id=cluster.vpc_config.cluster_security_group_id,
                description=f"Kubernetes API from {cidr}",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
            )

    def _administrators(self, cluster: aws.EksCluster) -> None:
        for role_name in self.env.cluster.admin_role_names:
            # A role's name is unique in an account, also without its path.
            name = role_name.rpartition("/")[2]
            entry = aws.EksAccessEntry(
                self,
                f"admin-{name}",
                cluster_name=cluster.name,
                principal_arn=self.names.role_arn(role_name),
                type="STANDARD",
            )
            aws.EksAccessPolicyAssociation(
                self,
                f"admin-{name}-policy",
                cluster_name=cluster.name,
                principal_arn=entry.principal_arn,
                policy_arn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
                access_scope=aws.EksAccessPolicyAssociationAccessScope(type="cluster"),
            )

    def _nodes(
        self, cluster: aws.EksCluster, network: NetworkStack, addons: Sequence[aws.EksAddon]
    ) -> list[aws.EksNodeGroup]:
        role = service_role(
            self,
            "node-role",
            names=self.names,
            name=self.names.aws("eks-nodes"),
            trust_policy=trust("ec2.amazonaws.com"),
            managed_policies=("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"),
        )
        return [
            node_group(
                self,
                pool.name,
                names=self.names,
                pool=pool,
                cluster=cluster,
                role=role,
                subnet_ids=[
                    network.private_subnet_ids[self.env.network.zones.index(zone)]
                    for zone in pool.spec.zones
                ],
                depends_on=[*addons, *role.permissions],
            )
            for pool in node_pools(self.env.cluster)
        ]
