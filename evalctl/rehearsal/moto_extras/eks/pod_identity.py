"""EKS Pod Identity associations: the role that a service account may use."""

from collections.abc import Iterator

from moto.core.common_models import BaseModel
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.eks.exceptions import ResourceInUseException, ResourceNotFoundException
from moto.eks.models import Cluster
from moto.eks.responses import EKSResponse
from moto.eks.utils import validate_role_arn
from moto.moto_api._internal import mock_random

from ..registry import extended
from .tags import TagBackend


class PodIdentityAssociation(BaseModel):
    def __init__(
        self,
        *,
        cluster: Cluster,
        namespace: str,
        service_account: str,
        role_arn: str,
        tags: dict[str, str] | None,
    ) -> None:
        id_ = mock_random.get_random_string(length=17, lower_case=True)
        self.association_id = f"a-{id_}"
        base = cluster.arn.replace(":cluster/", ":podidentityassociation/")
        self.association_arn = f"{base}/{self.association_id}"
        self.cluster_name = cluster.name
        self.namespace = namespace
        self.service_account = service_account
        self.role_arn = role_arn
        self.tags = tags or {}
        self.created_at = self.modified_at = utcnow()


class PodIdentityBackend(TagBackend):
    def tagged_resources(self) -> Iterator[tuple[str, dict[str, str]]]:
        yield from super().tagged_resources()
        for cluster_name in self.clusters:
            for association in self.parts(cluster_name, PodIdentityAssociation).values():
                yield association.association_arn, association.tags

    def create_pod_identity_association(
        self,
        *,
        cluster_name: str,
        namespace: str,
        service_account: str,
        role_arn: str,
        tags: dict[str, str] | None,
    ) -> PodIdentityAssociation:
        cluster = self.describe_cluster(cluster_name)
        validate_role_arn(role_arn)
        if self.list_pod_identity_associations(cluster_name, namespace, service_account):
            raise ResourceInUseException(
                clusterName=cluster_name,
                message=f"Association already exists: {namespace}/{service_account}",
            )
        association = PodIdentityAssociation(
            cluster=cluster,
            namespace=namespace,
            service_account=service_account,
            role_arn=role_arn,
            tags=tags,
        )
        self.parts(cluster_name, PodIdentityAssociation)[association.association_id] = association
        return association

    def describe_pod_identity_association(
        self, cluster_name: str, association_id: str
    ) -> PodIdentityAssociation:
        try:
            return self.parts(cluster_name, PodIdentityAssociation)[association_id]
        except KeyError:
            raise ResourceNotFoundException(
                clusterName=cluster_name,
                message=f"No association found for ID: {association_id}",
            ) from None

    def update_pod_identity_association(
        self, cluster_name: str, association_id: str, role_arn: str | None
    ) -> PodIdentityAssociation:
        association = self.describe_pod_identity_association(cluster_name, association_id)
        if role_arn is not None:
            validate_role_arn(role_arn)
            association.role_arn = role_arn
        association.modified_at = utcnow()
        return association

    def delete_pod_identity_association(
        self, cluster_name: str, association_id: str
    ) -> PodIdentityAssociation:
        association = self.describe_pod_identity_association(cluster_name, association_id)
        del self.parts(cluster_name, PodIdentityAssociation)[association_id]
        return association

    def list_pod_identity_associations(
        self, cluster_name: str, namespace: str | None, service_account: str | None
    ) -> list[PodIdentityAssociation]:
        return [
            association
            for association in self.parts(cluster_name, PodIdentityAssociation).values()
            if namespace in (None, association.namespace)
            and service_account in (None, association.service_account)
        ]


class PodIdentityResponse(EKSResponse):
    @property
    def pod_identity(self) -> PodIdentityBackend:
        return extended(self.eks_backend, PodIdentityBackend)

    def create_pod_identity_association(self) -> ActionResult:
        association = self.pod_identity.create_pod_identity_association(
            cluster_name=self._get_param("name"),
            namespace=self._get_param("namespace"),
            service_account=self._get_param("serviceAccount"),
            role_arn=self._get_param("roleArn"),
            tags=self._get_param("tags"),
        )
        return ActionResult({"association": association})

    def describe_pod_identity_association(self) -> ActionResult:
        association = self.pod_identity.describe_pod_identity_association(*self._association())
        return ActionResult({"association": association})

    def update_pod_identity_association(self) -> ActionResult:
        association = self.pod_identity.update_pod_identity_association(
            *self._association(), self._get_param("roleArn")
        )
        return ActionResult({"association": association})

    def delete_pod_identity_association(self) -> ActionResult:
        association = self.pod_identity.delete_pod_identity_association(*self._association())
        return ActionResult({"association": association})

    def list_pod_identity_associations(self) -> ActionResult:
        associations = self.pod_identity.list_pod_identity_associations(
            self._get_param("name"), self._get_param("namespace"), self._get_param("serviceAccount")
        )
        return ActionResult({"associations": associations})

    def _association(self) -> tuple[str, str]:
        return self._get_param("name"), self._get_param("associationId")
