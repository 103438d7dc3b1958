"""Operations on EKS add-ons."""

from moto.core.responses import ActionResult

from ..registry import extended
from .addons import ADDONS, DEFAULT_VERSION, AddonBackend
from .updates import UpdateResponse


class AddonResponse(UpdateResponse):
    @property
    def addons(self) -> AddonBackend:
        return extended(self.eks_backend, AddonBackend)

    def create_addon(self) -> ActionResult:
        if self._get_param("podIdentityAssociations"):
            raise NotImplementedError("Pod Identity associations that an add-on creates")
        addon = self.addons.create_addon(
            cluster_name=self._get_param("name"),
            name=self._get_param("addonName"),
            version=self._get_param("addonVersion"),
            service_account_role_arn=self._get_param("serviceAccountRoleArn"),
            configuration_values=self._get_param("configurationValues"),
            tags=self._get_param("tags"),
        )
        return ActionResult({"addon": addon})

    def describe_addon(self) -> ActionResult:
        return ActionResult({"addon": self.addons.describe_addon(*self._addon())})

    def update_addon(self) -> ActionResult:
        cluster_name, name = self._addon()
        update = self.addons.update_addon(
            cluster_name=cluster_name,
            name=name,
            version=self._get_param("addonVersion"),
            service_account_role_arn=self._get_param("serviceAccountRoleArn"),
            configuration_values=self._get_param("configurationValues"),
        )
        return ActionResult({"update": update})

    def delete_addon(self) -> ActionResult:
        return ActionResult({"addon": self.addons.delete_addon(*self._addon())})

    def list_addons(self) -> ActionResult:
        return ActionResult({"addons": self.addons.list_addons(self._get_param("name"))})

    def describe_addon_versions(self) -> ActionResult:
        requested = self._get_param("addonName")
        compatible = [
            {"clusterVersion": self._get_param("kubernetesVersion"), "defaultVersion": True}
        ]
        addons = [
            {
                "addonName": name,
                "type": kind,
                "owner": "aws",
                "publisher": "eks",
                "addonVersions": [{"addonVersion": DEFAULT_VERSION, "compatibilities": compatible}],
            }
            for name, kind in ADDONS.items()
            if requested in (None, name)
        ]
        return ActionResult({"addons": addons})

    def _addon(self) -> tuple[str, str]:
        return self._get_param("name"), self._get_param("addonName")
