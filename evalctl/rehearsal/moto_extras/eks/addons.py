"""EKS add-ons."""

from collections.abc import Iterator

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.eks.exceptions import (
    InvalidParameterException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from moto.eks.models import Cluster
from moto.moto_api._internal import mock_random

from .updates import Update, UpdateBackend

# AWS' own add-ons. A real account also lists add-ons from AWS Marketplace.
ADDONS = {
    "aws-ebs-csi-driver": "storage",
    "aws-efs-csi-driver": "storage",
    "coredns": "networking",
    "eks-node-monitoring-agent": "observability",
    "eks-pod-identity-agent": "security",
    "kube-proxy": "networking",
    "metrics-server": "observability",
    "vpc-cni": "networking",
}
DEFAULT_VERSION = "v1.0.0-eksbuild.1"  # every version is accepted: there is no list of real ones


class Addon(BaseModel):
    def __init__(
        self,
        *,
        cluster: Cluster,
        name: str,
        version: str | None,
        service_account_role_arn: str | None,
        configuration_values: str | None,
        tags: dict[str, str] | None,
    ) -> None:
        id_ = mock_random.uuid4()
        self.addon_arn = f"{cluster.arn.replace(':cluster/', ':addon/')}/{name}/{id_}"
        self.addon_name = name
        self.cluster_name = cluster.name
        self.addon_version = version or DEFAULT_VERSION
        self.service_account_role_arn = service_account_role_arn
        self.configuration_values = configuration_values
        self.tags = tags or {}
        self.status = "ACTIVE"
        self.health: dict[str, list[str]] = {"issues": []}
        self.owner = "aws"
        self.publisher = "eks"
        self.created_at = self.modified_at = utcnow()


class AddonBackend(UpdateBackend):
    def tagged_resources(self) -> Iterator[tuple[str, dict[str, str]]]:
        yield from super().tagged_resources()
        for cluster_name in self.clusters:
            for addon in self.parts(cluster_name, Addon).values():
                yield addon.addon_arn, addon.tags

    def create_addon(
        self,
        *,
        cluster_name: str,
        name: str,
        version: str | None,
        service_account_role_arn: str | None,
        configuration_values: str | None,
        tags: dict[str, str] | None,
    ) -> Addon:
        addons = self.parts(cluster_name, Addon)
        if name not in ADDONS:
            raise InvalidParameterException(
                clusterName=cluster_name,
                addonName=name,
                message=f"Addon {name} specified is not supported",
            )
        if name in addons:
            raise ResourceInUseException(
                clusterName=cluster_name, addonName=name, message="Addon already exists."
            )
        addons[name] = Addon(
            cluster=self.describe_cluster(cluster_name),
            name=name,
            version=version,
            service_account_role_arn=service_account_role_arn,
            configuration_values=configuration_values,
            tags=tags,
        )
        return addons[name]

    def describe_addon(self, cluster_name: str, name: str) -> Addon:
        try:
            return self.parts(cluster_name, Addon)[name]
        except KeyError:
            raise ResourceNotFoundException(
                clusterName=cluster_name,
                addonName=name,
                message=f"No addon: {name} found in cluster: {cluster_name}",
            ) from None

    def update_addon(
        self,
        *,
        cluster_name: str,
        name: str,
        version: str | None,
        service_account_role_arn: str | None,
        configuration_values: str | None,
    ) -> Update:
        addon = self.describe_addon(cluster_name, name)
        addon.addon_version = version or addon.addon_version
        if service_account_role_arn is not None:
            addon.service_account_role_arn = service_account_role_arn or None
        if configuration_values is not None:
            addon.configuration_values = configuration_values
        addon.modified_at = utcnow()
        return self.record(
            Update(
                cluster_name=cluster_name,
                addon_name=name,
                type_="AddonUpdate",
                params={"AddonVersion": addon.addon_version},
            )
        )

    def delete_addon(self, cluster_name: str, name: str) -> Addon:
        addon = self.describe_addon(cluster_name, name)
        del self.parts(cluster_name, Addon)[name]
        addon.status = "DELETING"
        return addon

    def list_addons(self, cluster_name: str) -> list[str]:
        return sorted(self.parts(cluster_name, Addon))
