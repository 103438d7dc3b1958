"""EKS clusters: the settings that moto drops, the cluster's security group, and updates."""

import os

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.eks.exceptions import InvalidParameterException
from moto.eks.models import Cluster

from ..registry import extended
from .updates import Update, UpdateBackend, UpdateResponse

ENDPOINT_VARIABLE = "EKS_ENDPOINT"
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


class ClusterBackend(UpdateBackend):
    def complete_cluster(
        self,
        name: str,
        *,
        access_config: dict[str, object] | None,
        upgrade_policy: dict[str, str] | None,
        zonal_shift_config: dict[str, bool] | None,
    ) -> None:
        """Store the settings of CreateCluster that moto drops, with AWS' defaults for the others."""
        cluster = self.describe_cluster(name)
        mode = (access_config or {}).get("authenticationMode", "CONFIG_MAP")
        vars(cluster).update(
            access_config={"authenticationMode": mode},
            upgrade_policy=upgrade_policy or {"supportType": "EXTENDED"},
            zonal_shift_config=zonal_shift_config,
            health={"issues": []},
        )
        # A rehearsal may have a real API server on loopback.
        cluster.endpoint = os.environ.get(ENDPOINT_VARIABLE, cluster.endpoint)
        cluster.kubernetes_network_config = {
            "ipFamily": "ipv4",
            "serviceIpv4Cidr": "172.20.0.0/16",
            **(cluster.kubernetes_network_config or {}),
        }
        cluster.logging = _log_types(_types(cluster.logging, enabled=True))
        cluster.resources_vpc_config = {
            "securityGroupIds": [],
            "endpointPublicAccess": True,
            "endpointPrivateAccess": False,
            "publicAccessCidrs": ["0.0.0.0/0"],
            **cluster.resources_vpc_config,
            **self._vpc_config(cluster),
        }

    def _vpc_config(self, cluster: Cluster) -> dict[str, str]:
        """The VPC, and the security group that EKS creates for control plane and nodes.

        Empty if the subnets do not exist in the emulated EC2.
        """
        ec2 = ec2_backends[self.account_id][self.region_name]
        subnet_ids = cluster.resources_vpc_config.get("subnetIds", [])
        vpcs = {subnet.vpc_id for subnet in ec2.describe_subnets() if subnet.id in subnet_ids}
        if not vpcs:
            return {}
        vpc_id = vpcs.pop()
        group = ec2.create_security_group(
            f"eks-cluster-sg-{cluster.name}",
            f"Control plane and nodes of {cluster.name}",
            vpc_id,
            tags={
                "Name": f"eks-cluster-sg-{cluster.name}",
                "aws:eks:cluster-name": cluster.name,
                f"kubernetes.io/cluster/{cluster.name}": "owned",
            },
        )
        return {"vpcId": vpc_id, "clusterSecurityGroupId": group.id}

    def delete_cluster(self, name: str) -> Cluster:
        cluster = super().delete_cluster(name)
        group_id = cluster.resources_vpc_config.get("clusterSecurityGroupId")
        if group_id:
            ec2_backends[self.account_id][self.region_name].delete_security_group(group_id=group_id)
        cluster.status = "DELETING"
        return cluster

    def change_cluster(
        self,
        name: str,
        *,
        resources_vpc_config: dict[str, object] | None,
        logging: dict[str, list[dict[str, object]]] | None,
        access_config: dict[str, object] | None,
        upgrade_policy: dict[str, str] | None,
        zonal_shift_config: dict[str, bool] | None,
    ) -> Update:
        """UpdateClusterConfig changes only the given settings."""
        cluster = self.describe_cluster(name)
        type_ = "ConfigUpdate"
        if resources_vpc_config:
            type_ = "EndpointAccessUpdate"
            cluster.resources_vpc_config.update(resources_vpc_config)
        if logging:
            type_ = "LoggingUpdate"
            before = _types(cluster.logging, enabled=True)
            cluster.logging = _log_types(
                before - _types(logging, enabled=False) | _types(logging, enabled=True)
            )
        if access_config:
            type_ = "AccessConfigUpdate"
            vars(cluster)["access_config"].update(access_config)
        if upgrade_policy:
            type_ = "UpgradePolicyUpdate"
            vars(cluster).update(upgrade_policy=upgrade_policy)
        if zonal_shift_config:
            type_ = "ZonalShiftConfigUpdate"
            vars(cluster).update(zonal_shift_config=zonal_shift_config)
        return self.record(Update(cluster_name=name, type_=type_, params={}))

    def update_cluster_version(self, name: str, version: str) -> Update:
        cluster = self.describe_cluster(name)
        major, minor = cluster.version.split(".")
        if version != f"{major}.{int(minor) + 1}":
            raise InvalidParameterException(
                clusterName=name,
                message=f"Unsupported Kubernetes minor version update from {cluster.version} "
                f"to {version}",
            )
        cluster.version = version
        return self.record(
            Update(
                cluster_name=name,
                type_="VersionUpdate",
                params={"Version": version, "PlatformVersion": cluster.platformVersion},
            )
        )


def _types(logging: dict[str, list[dict[str, object]]], *, enabled: bool) -> set[str]:
    found: set[str] = set()
    for setup in logging.get("clusterLogging", []):
        types = setup.get("types")
        if setup.get("enabled", False) is enabled and isinstance(types, list):
            found.update(types)
    return found


def _log_types(enabled: set[str]) -> dict[str, list[dict[str, object]]]:
    setups: list[dict[str, object]] = [
        {"types": [name for name in LOG_TYPES if (name in enabled) is on], "enabled": on}
        for on in (True, False)
    ]
    return {"clusterLogging": [setup for setup in setups if setup["types"]]}


class ClusterResponse(UpdateResponse):
    @property
    def control_planes(self) -> ClusterBackend:
        return extended(self.eks_backend, ClusterBackend)

    def create_cluster(self) -> ActionResult:
        result = super().create_cluster()
        self.control_planes.complete_cluster(
            self._get_param("name"),
            access_config=self._get_param("accessConfig"),
            upgrade_policy=self._get_param("upgradePolicy"),
            zonal_shift_config=self._get_param("zonalShiftConfig"),
        )
        return result

    def update_cluster_config(self) -> ActionResult:
        update = self.control_planes.change_cluster(
            self._get_param("name"),
            resources_vpc_config=self._get_param("resourcesVpcConfig"),
            logging=self._get_param("logging"),
            access_config=self._get_param("accessConfig"),
            upgrade_policy=self._get_param("upgradePolicy"),
            zonal_shift_config=self._get_param("zonalShiftConfig"),
        )
        return ActionResult({"update": update})

    def update_cluster_version(self) -> ActionResult:
        update = self.control_planes.update_cluster_version(
            self._get_param("name"), self._get_param("version")
        )
        return ActionResult({"update": update})
