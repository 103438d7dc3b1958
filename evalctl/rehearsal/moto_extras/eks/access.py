"""EKS access entries and the access policies associated with them."""

from collections.abc import Iterator

from moto.core.common_models import BaseModel
from moto.core.utils import utcnow
from moto.eks.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from moto.eks.models import Cluster
from moto.moto_api._internal import mock_random

from .tags import TagBackend

POLICY_ARN = "arn:aws:eks::aws:cluster-access-policy/"
POLICIES = (
    "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSViewPolicy",
)


class AssociatedPolicy(BaseModel):
    def __init__(self, *, policy_arn: str, access_scope: dict[str, object]) -> None:
        self.policy_arn = policy_arn
        self.access_scope = {"namespaces": [], **access_scope}
        self.associated_at = self.modified_at = utcnow()


class AccessEntry(BaseModel):
    def __init__(
        self,
        *,
        cluster: Cluster,
        principal_arn: str,
        kubernetes_groups: list[str] | None,
        username: str | None,
        type_: str | None,
        tags: dict[str, str] | None,
    ) -> None:
        kind, _, name = principal_arn.rpartition(":")[2].partition("/")
        account = principal_arn.split(":")[4]
        base = cluster.arn.replace(":cluster/", ":access-entry/")
        self.access_entry_arn = f"{base}/{kind}/{account}/{name}/{mock_random.uuid4()}"
        self.cluster_name = cluster.name
        self.principal_arn = principal_arn
        self.kubernetes_groups = kubernetes_groups or []
        self.username = username or _username(kind, account, name, principal_arn)
        self.type = type_ or "STANDARD"
        self.tags = tags or {}
        self.policies: dict[str, AssociatedPolicy] = {}
        self.created_at = self.modified_at = utcnow()


def _username(kind: str, account: str, name: str, principal_arn: str) -> str:
    """The default user name of the principal in Kubernetes."""
    if kind != "role":
        return principal_arn
    return f"arn:aws:sts::{account}:assumed-role/{name.rpartition('/')[2]}/{{{{SessionName}}}}"


class AccessBackend(TagBackend):
    def tagged_resources(self) -> Iterator[tuple[str, dict[str, str]]]:
        yield from super().tagged_resources()
        for cluster_name in self.clusters:
            for entry in self.parts(cluster_name, AccessEntry).values():
                yield entry.access_entry_arn, entry.tags

    def create_access_entry(
        self,
        *,
        cluster_name: str,
        principal_arn: str,
        kubernetes_groups: list[str] | None,
        username: str | None,
        type_: str | None,
        tags: dict[str, str] | None,
    ) -> AccessEntry:
        cluster = self.describe_cluster(cluster_name)
        if getattr(cluster, "access_config", {}).get("authenticationMode") == "CONFIG_MAP":
            raise InvalidRequestException(
                message="The cluster's authentication mode must be set to one of [API, "
                "API_AND_CONFIG_MAP] to perform this operation."
            )
        if not principal_arn.startswith("arn:"):
            raise InvalidParameterException(message="The principalArn parameter is invalid.")
        entries = self.parts(cluster_name, AccessEntry)
        if principal_arn in entries:
            raise ResourceInUseException(
                message="The specified access entry resource is already in use on this cluster."
            )
        entries[principal_arn] = AccessEntry(
            cluster=cluster,
            principal_arn=principal_arn,
            kubernetes_groups=kubernetes_groups,
            username=username,
            type_=type_,
            tags=tags,
        )
        return entries[principal_arn]

    def describe_access_entry(self, cluster_name: str, principal_arn: str) -> AccessEntry:
        try:
            return self.parts(cluster_name, AccessEntry)[principal_arn]
        except KeyError:
            raise ResourceNotFoundException(
                clusterName=cluster_name,
                message=f"The specified principalArn could not be found: {principal_arn}",
            ) from None

    def update_access_entry(
        self,
        *,
        cluster_name: str,
        principal_arn: str,
        kubernetes_groups: list[str] | None,
        username: str | None,
    ) -> AccessEntry:
        entry = self.describe_access_entry(cluster_name, principal_arn)
        if kubernetes_groups is not None:
            entry.kubernetes_groups = kubernetes_groups
        entry.username = username or entry.username
        entry.modified_at = utcnow()
        return entry

    def delete_access_entry(self, cluster_name: str, principal_arn: str) -> None:
        self.describe_access_entry(cluster_name, principal_arn)
        del self.parts(cluster_name, AccessEntry)[principal_arn]

    def list_access_entries(self, cluster_name: str, policy_arn: str | None) -> list[str]:
        return sorted(
            entry.principal_arn
            for entry in self.parts(cluster_name, AccessEntry).values()
            if policy_arn is None or policy_arn in entry.policies
        )

    def associate_access_policy(
        self,
        cluster_name: str,
        principal_arn: str,
        policy_arn: str,
        access_scope: dict[str, object],
    ) -> AssociatedPolicy:
        entry = self.describe_access_entry(cluster_name, principal_arn)
        if policy_arn.removeprefix(POLICY_ARN) not in POLICIES:
            raise InvalidParameterException(
                message=f"The policyArn parameter format is not valid: {policy_arn}"
            )
        policy = AssociatedPolicy(policy_arn=policy_arn, access_scope=access_scope)
        entry.policies[policy_arn] = policy
        return policy

    def disassociate_access_policy(
        self, cluster_name: str, principal_arn: str, policy_arn: str
    ) -> None:
        entry = self.describe_access_entry(cluster_name, principal_arn)
        if entry.policies.pop(policy_arn, None) is None:
            raise ResourceNotFoundException(
                clusterName=cluster_name,
                message=f"The specified policyArn could not be found: {policy_arn}",
            )
