"""Operations on EKS access entries and access policies."""

import re

from moto.core.responses import ActionResult, EmptyResult
from moto.eks.responses import EKSResponse

from ..registry import extended
from .access import POLICIES, POLICY_ARN, AccessBackend


class AccessResponse(EKSResponse):
    # Matches the host only: an ARN in the path may contain sso.amazonaws.com.
    region_regex = re.compile(r"^\w+://[^/]*\.(?P<region>[^./]+)\.amazonaws\.com")

    @property
    def access(self) -> AccessBackend:
        return extended(self.eks_backend, AccessBackend)

    def create_access_entry(self) -> ActionResult:
        entry = self.access.create_access_entry(
            cluster_name=self._get_param("name"),
            principal_arn=self._get_param("principalArn"),
            kubernetes_groups=self._get_param("kubernetesGroups"),
            username=self._get_param("username"),
            type_=self._get_param("type"),
            tags=self._get_param("tags"),
        )
        return ActionResult({"accessEntry": entry})

    def describe_access_entry(self) -> ActionResult:
        return ActionResult({"accessEntry": self.access.describe_access_entry(*self._entry())})

    def update_access_entry(self) -> ActionResult:
        cluster_name, principal_arn = self._entry()
        entry = self.access.update_access_entry(
            cluster_name=cluster_name,
            principal_arn=principal_arn,
            kubernetes_groups=self._get_param("kubernetesGroups"),
            username=self._get_param("username"),
        )
        return ActionResult({"accessEntry": entry})

    def delete_access_entry(self) -> ActionResult:
        self.access.delete_access_entry(*self._entry())
        return EmptyResult()

    def list_access_entries(self) -> ActionResult:
        entries = self.access.list_access_entries(
            self._get_param("name"), self._get_param("associatedPolicyArn")
        )
        return ActionResult({"accessEntries": entries})

    def list_access_policies(self) -> ActionResult:
        policies = [{"name": name, "arn": POLICY_ARN + name} for name in POLICIES]
        return ActionResult({"accessPolicies": policies})

    def associate_access_policy(self) -> ActionResult:
        cluster_name, principal_arn = self._entry()
        policy = self.access.associate_access_policy(
            cluster_name,
            principal_arn,
            self._get_param("policyArn"),
            self._get_param("accessScope"),
        )
        return ActionResult(
            {
                "clusterName": cluster_name,
                "principalArn": principal_arn,
                "associatedAccessPolicy": policy,
            }
        )

    def disassociate_access_policy(self) -> ActionResult:
        self.access.disassociate_access_policy(*self._entry(), self._get_param("policyArn"))
        return EmptyResult()

    def list_associated_access_policies(self) -> ActionResult:
        cluster_name, principal_arn = self._entry()
        entry = self.access.describe_access_entry(cluster_name, principal_arn)
        return ActionResult(
            {
                "clusterName": cluster_name,
                "principalArn": principal_arn,
                "associatedAccessPolicies": list(entry.policies.values()),
            }
        )

    def _entry(self) -> tuple[str, str]:
        return self._get_param("name"), self._get_param("principalArn")
