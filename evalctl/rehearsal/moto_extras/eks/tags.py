"""Tags of all EKS resources; moto has those of clusters only."""

from collections.abc import Iterator
from typing import TypeVar

from moto.core.resource_tagging import TaggableResourcesMixin, TaggedResource
from moto.core.responses import ActionResult, EmptyResult
from moto.eks.exceptions import ResourceNotFoundException
from moto.eks.models import EKSBackend
from moto.eks.responses import EKSResponse

T = TypeVar("T")


class TagBackend(EKSBackend, TaggableResourcesMixin):
    """Finds tags by ARN. A subclass adds its own resources to `tagged_resources`."""

    SERVICE_NAMESPACE = "eks"

    def tagged_resources(self) -> Iterator[tuple[str, dict[str, str]]]:
        """The ARN and the tags of each resource."""
        for cluster in self.clusters.values():
            yield cluster.arn, cluster.tags
            for group in cluster.nodegroups.values():
                yield group.arn, group.tags
            for profile in cluster.fargate_profiles.values():
                yield profile.fargate_profile_arn, profile.tags

    def parts(self, cluster_name: str, kind: type[T]) -> dict[str, T]:
        """The cluster's resources of a kind, by name or id. They end with the cluster."""
        cluster = self.describe_cluster(cluster_name)
        found: dict[str, T] = vars(cluster).setdefault(kind.__name__, {})
        return found

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        for arn, tags in self.tagged_resources():
            kind = arn.split(":", 5)[5].partition("/")[0]
            yield TaggedResource(arn=arn, tags=tags, resource_type=f"eks:{kind}")

    def tag_resource(self, resource_arn: str, tags: dict[str, str]) -> None:
        self.list_tags_for_resource(resource_arn).update(tags)

    def untag_resource(self, resource_arn: str, tag_keys: list[str]) -> None:
        tags = self.list_tags_for_resource(resource_arn)
        for key in tag_keys:
            tags.pop(key, None)

    def list_tags_for_resource(self, resource_arn: str) -> dict[str, str]:
        for arn, tags in self.tagged_resources():
            if arn == resource_arn:
                return tags
        raise ResourceNotFoundException(message=f"No resource found for ARN: {resource_arn}")


class TagResponse(EKSResponse):
    """moto reads only the first of several tag keys."""

    def untag_resource(self) -> ActionResult:
        self.eks_backend.untag_resource(
            self._extract_arn_from_path(), self.querystring.get("tagKeys", [])
        )
        return EmptyResult()
