"""EKS: clusters, node groups, add-ons, access entries, Pod Identity, updates and tags."""

from .access import AccessBackend
from .access_responses import AccessResponse
from .addon_responses import AddonResponse
from .addons import AddonBackend
from .clusters import ClusterBackend, ClusterResponse
from .nodegroups import NodegroupBackend, NodegroupResponse
from .pod_identity import PodIdentityBackend, PodIdentityResponse
from .tags import TagResponse

_CLUSTER = "{0}/clusters/(?P<name>[^/]+)"
# The last parameter is greedy because an ARN contains slashes, and moto's server matches the decoded
# path. moto then reads the operation and its parameters from the path that is not decoded.
PATHS = (
    f"{_CLUSTER}/node-groups/(?P<nodegroupName>[^/]+)/update-version$",
    f"{_CLUSTER}/updates$",
    f"{_CLUSTER}/updates/(?P<updateId>[^/]+)$",
    f"{_CLUSTER}/addons$",
    f"{_CLUSTER}/addons/(?P<addonName>[^/]+)$",
    f"{_CLUSTER}/addons/(?P<addonName>[^/]+)/update$",
    "{0}/addons/supported-versions$",
    f"{_CLUSTER}/access-entries$",
    f"{_CLUSTER}/access-entries/(?P<principalArn>.+)$",
    "{0}/access-policies$",
    f"{_CLUSTER}/pod-identity-associations$",
    f"{_CLUSTER}/pod-identity-associations/(?P<associationId>[^/]+)$",
)


class ExtendedEKSBackend(
    AddonBackend, AccessBackend, PodIdentityBackend, NodegroupBackend, ClusterBackend
):
    """All resources of EKS."""


class ExtendedEKSResponse(
    AddonResponse,
    AccessResponse,
    PodIdentityResponse,
    NodegroupResponse,
    ClusterResponse,
    TagResponse,
):
    """All operations of EKS."""
