"""EKS managed node groups: the requested settings only, Auto Scaling groups, and updates."""

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.eks.exceptions import InvalidParameterException
from moto.eks.models import Nodegroup

from ..registry import extended
from .scaling_groups import ScalingGroups
from .updates import Update, UpdateBackend, UpdateResponse


class NodegroupBackend(UpdateBackend):
    @property
    def scaling_groups(self) -> ScalingGroups:
        return ScalingGroups(self.account_id, self.region_name)

    def complete_nodegroup(
        self,
        cluster_name: str,
        nodegroup_name: str,
        *,
        disk_size: int | None,
        remote_access: dict[str, object] | None,
        version: str | None,
        release_version: str | None,
        update_config: dict[str, int] | None,
        node_repair_config: dict[str, bool] | None,
    ) -> None:
        """Store the settings of CreateNodegroup and remove the ones that moto invents.

        moto gives every group a disk size, an SSH key and a Kubernetes version of its own.
        """
        cluster = self.describe_cluster(cluster_name)
        group = self.describe_nodegroup(cluster_name, nodegroup_name)
        group.version = version or cluster.version
        group.release_version = release_version or _release(group.version)
        group.update_config = update_config or {"maxUnavailable": 1}
        group.node_repair_config = node_repair_config
        vars(group).update(remote_access=remote_access)
        if not remote_access:
            group.resources.pop("remoteAccessSecurityGroup", None)
        if group.launch_template:
            vars(group).update(disk_size=None)
            group.launch_template.setdefault("version", "1")
        else:
            group.disk_size = disk_size or 20
        self.scaling_groups.create(cluster, group)

    def delete_nodegroup(self, cluster_name: str, nodegroup_name: str) -> Nodegroup:
        group = super().delete_nodegroup(cluster_name, nodegroup_name)
        self.scaling_groups.delete(group)
        group.status = "DELETING"
        return group

    def change_nodegroup(
        self,
        cluster_name: str,
        nodegroup_name: str,
        *,
        labels: dict[str, object] | None,
        taints: dict[str, object] | None,
        scaling_config: dict[str, int] | None,
        update_config: dict[str, int] | None,
        node_repair_config: dict[str, bool] | None,
    ) -> Update:
        """UpdateNodegroupConfig, with an update that DescribeUpdate returns."""
        group = self.describe_nodegroup(cluster_name, nodegroup_name)
        sizes = group.scaling_config | (scaling_config or {})
        if sizes["minSize"] > sizes["desiredSize"]:
            raise InvalidParameterException(
                clusterName=cluster_name,
                nodegroupName=nodegroup_name,
                message=f"Minimum capacity {sizes['minSize']} can't be greater than desired size "
                f"{sizes['desiredSize']}",
            )
        super().update_nodegroup_config(
            cluster_name,
            nodegroup_name,
            labels=labels,
            taints=taints,
            scaling_config=sizes,
            update_config=update_config,
            node_repair_config=node_repair_config,
        )
        self.scaling_groups.resize(group)
        return self.record(
            Update(
                cluster_name=cluster_name,
                nodegroup_name=nodegroup_name,
                type_="ConfigUpdate",
                params={},
            )
        )

    def update_nodegroup_version(
        self,
        cluster_name: str,
        nodegroup_name: str,
        *,
        version: str | None,
        release_version: str | None,
        launch_template: dict[str, str] | None,
    ) -> Update:
        cluster = self.describe_cluster(cluster_name)
        group = self.describe_nodegroup(cluster_name, nodegroup_name)
        if version and _minor(version) > _minor(cluster.version):
            raise InvalidParameterException(
                clusterName=cluster_name,
                nodegroupName=nodegroup_name,
                message=f"Nodegroup Kubernetes version {version} is newer than the cluster's "
                f"{cluster.version}",
            )
        group.version = version or group.version
        if release_version and not release_version.startswith(f"{group.version}."):
            raise InvalidParameterException(
                clusterName=cluster_name,
                nodegroupName=nodegroup_name,
                message=f"Requested release version {release_version} is not valid for kubernetes "
                f"version {group.version}",
            )
        # Without a release EKS takes the newest of the minor, also when only the template changes.
        group.release_version = release_version or _release(group.version)
        if launch_template and group.launch_template:
            group.launch_template |= launch_template
        group.modified_at = utcnow()
        return self.record(
            Update(
                cluster_name=cluster_name,
                nodegroup_name=nodegroup_name,
                type_="VersionUpdate",
                params={"Version": group.version, "ReleaseVersion": group.release_version},
            )
        )


def _release(version: str) -> str:
    return f"{version}.0-20260101"


def _minor(version: str) -> int:
    return int(version.split(".")[1])


class NodegroupResponse(UpdateResponse):
    @property
    def nodegroups(self) -> NodegroupBackend:
        return extended(self.eks_backend, NodegroupBackend)

    def create_nodegroup(self) -> ActionResult:
        result = super().create_nodegroup()
        self.nodegroups.complete_nodegroup(
            *self._nodegroup(),
            disk_size=self._get_int_param("diskSize"),
            remote_access=self._get_param("remoteAccess"),
            version=self._get_param("version"),
            release_version=self._get_param("releaseVersion"),
            update_config=self._get_param("updateConfig"),
            node_repair_config=self._get_param("nodeRepairConfig"),
        )
        return result

    def update_nodegroup_config(self) -> ActionResult:
        update = self.nodegroups.change_nodegroup(
            *self._nodegroup(),
            labels=self._get_param("labels"),
            taints=self._get_param("taints"),
            scaling_config=self._get_param("scalingConfig"),
            update_config=self._get_param("updateConfig"),
            node_repair_config=self._get_param("nodeRepairConfig"),
        )
        return ActionResult({"update": update})

    def update_nodegroup_version(self) -> ActionResult:
        update = self.nodegroups.update_nodegroup_version(
            *self._nodegroup(),
            version=self._get_param("version"),
            release_version=self._get_param("releaseVersion"),
            launch_template=self._get_param("launchTemplate"),
        )
        return ActionResult({"update": update})

    def _nodegroup(self) -> tuple[str, str]:
        return self._get_param("name"), self._get_param("nodegroupName")
