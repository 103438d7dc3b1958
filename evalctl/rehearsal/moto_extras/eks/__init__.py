"""EKS, put together from its parts."""

from types import ModuleType

from moto.eks import urls

from .access import AccessBackend
from .access_responses import AccessResponse
from .addon_responses import AddonResponse
from .addons import AddonBackend
from .clusters import ClusterBackend, ClusterResponse
from .nodegroups import NodegroupBackend, NodegroupResponse
from .pod_identity import PodIdentityBackend, PodIdentityResponse
from .tags import TagResponse

_CLUSTER = "{0}/clusters/(?P<name>[^/]+)"
# Greedy at their end: an ARN has slashes, which moto's server decodes before it looks here. The
# operation and its parameters are found again in the undecoded path.
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
    @property
    def _url_module(self) -> ModuleType:
        return urls


class ExtendedEKSResponse(
    AddonResponse,
    AccessResponse,
    PodIdentityResponse,
    NodegroupResponse,
    ClusterResponse,
    TagResponse,
):
    """Everything that EKS answers here."""
