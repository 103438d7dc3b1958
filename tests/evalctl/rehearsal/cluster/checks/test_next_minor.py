"""What an upgrade to the next Kubernetes minor is made of."""

from environments.catalog import EKS_VERSIONS
from environments.dev import DEV
from environments.names import Names
from environments.node_pools import node_pools
from evalctl.rehearsal.cluster.checks.next_minor import (
    deprecated_apis,
    following,
    on_minor,
)
from evalctl.rehearsal.cluster.node_template import NodeTemplate

METRICS = """\
# TYPE apiserver_requested_deprecated_apis gauge
apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="flowcontrol.apiserver.k8s.io",removed_release="1.32",resource="flowschemas",subresource="",version="v1beta3"} 1
apiserver_request_total{code="200"} 1
"""


def test_minors_follow_by_number() -> None:
    minors = sorted(EKS_VERSIONS, key=lambda minor: int(minor.partition(".")[2]))
    assert [following(minor) for minor in minors] == [*minors[1:], None]


def test_each_deprecated_api_is_listed_with_its_end() -> None:
    assert list(deprecated_apis(METRICS)) == [
        "v1 endpoints",
        "flowcontrol.apiserver.k8s.io/v1beta3 flowschemas (removed in 1.32)",
    ]


def test_a_node_of_the_next_minor_has_its_kubelet() -> None:
    minor = following(DEV.cluster.kubernetes_version)
    assert minor is not None
    (pool, *_) = node_pools(DEV.cluster)
    template = NodeTemplate(names=Names(on_minor(DEV, minor)))
    node = template.node(pool, pool.spec.zones[0], 0)
    assert node.status is not None
    assert node.status.nodeInfo is not None
    assert node.status.nodeInfo.kubeletVersion.startswith(f"v{minor}.")
