"""Whether a node that does not exist yet would take a pod."""

from decimal import Decimal

import pytest
from lightkube.models.core_v1 import PodSpec, PodStatus
from lightkube.resources.core_v1 import PersistentVolume

from evalctl.rehearsal.cluster.scheduling import avoids_its_own, place, requests
from tests.evalctl.rehearsal.cluster.objects import ZONES, node, of, pod


def spec(text: str) -> PodSpec:
    found = pod(text).spec
    assert found is not None
    return found


def sized(cpu: str, extra: str = "") -> PodSpec:
    return spec(f"{{containers: [{{name: a, resources: {{requests: {{cpu: {cpu}}}}}}}]{extra}}}")


def test_requests_are_those_that_the_scheduler_counts() -> None:
    """1000m of the containers, 100m of the sidecar; the init container of 1050m runs beside the sidecar."""
    counted = requests(
        spec("""
        initContainers:
        - {name: sidecar, restartPolicy: Always, resources: {requests: {cpu: 100m}}}
        - {name: init, resources: {requests: {cpu: 1050m, memory: 1Gi}}}
        containers:
        - {name: a, resources: {requests: {cpu: 400m, memory: 128Mi}}}
        - {name: b, resources: {requests: {cpu: 600m}}}
        """)
    )
    assert counted == {
        "cpu": Decimal("1.15"),
        "memory": Decimal(2**30),
        "pods": Decimal(1),
    }


@pytest.mark.parametrize(("cpu", "taken"), [("1930m", True), ("1931m", False)])
def test_an_empty_node_takes_what_is_allocatable(cpu: str, taken: bool) -> None:
    assert place(node()).takes(sized(cpu)) is taken


def test_pods_that_have_ended_hold_nothing() -> None:
    ended, running = (
        pod("{containers: [{name: a, resources: {requests: {cpu: 1000m}}}]}"),
        pod("{containers: [{name: a, resources: {requests: {cpu: 1000m}}}]}"),
    )
    ended.status = PodStatus(phase="Succeeded")
    assert place(node(), [ended]).takes(sized("1900m"))
    assert not place(node(), [running]).takes(sized("1900m"))


@pytest.mark.parametrize(
    ("toleration", "taken"),
    [
        ("{key: eval-platform.io/pool, value: workers-spot, effect: NoSchedule}", True),
        ("{key: eval-platform.io/pool, operator: Exists}", True),
        ("{operator: Exists}", True),
        ("{key: eval-platform.io/pool, value: general}", False),
        ("{key: another, operator: Exists}", False),
        ("{operator: Exists, effect: NoExecute}", False),
    ],
)
def test_spot_nodes_take_only_pods_that_tolerate_their_taint(toleration: str, taken: bool) -> None:
    spot = place(node("workers-spot"))
    assert not spot.takes(sized("1"))
    assert spot.takes(sized("1", f", tolerations: [{toleration}]")) is taken


@pytest.mark.parametrize(
    ("expression", "taken"),
    [
        (f"{{key: topology.kubernetes.io/zone, operator: In, values: [{ZONES[0]}]}}", True),
        (f"{{key: topology.kubernetes.io/zone, operator: NotIn, values: [{ZONES[0]}]}}", False),
        ("{key: eval-platform.io/pool, operator: Exists}", True),
        ("{key: gpu, operator: Exists}", False),
        ("{key: gpu, operator: DoesNotExist}", True),
    ],
)
def test_selectors_and_required_affinity_hold(expression: str, taken: bool) -> None:
    affinity = (
        ", affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: "
        f"{{nodeSelectorTerms: [{{matchExpressions: [{expression}]}}]}}}}}}"
    )
    assert place(node()).takes(sized("1", affinity)) is taken
    assert not place(node()).takes(sized("1", ", nodeSelector: {eval-platform.io/pool: other}"))


@pytest.mark.parametrize(("zone", "taken"), [(ZONES[0], True), (ZONES[1], False)])
def test_a_volume_keeps_its_pod_in_its_zone(zone: str, taken: bool) -> None:
    term = {"key": "topology.ebs.csi.aws.com/zone", "operator": "In", "values": [zone]}
    volume = of(
        PersistentVolume,
        {
            "metadata": {"name": "pvc-1"},
            "spec": {
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}}
            },
        },
    )
    assert place(node()).takes(sized("1"), [volume]) is taken


def test_pods_with_required_anti_affinity_to_their_own_labels_are_apart() -> None:
    affinity = """
    containers: [{name: a}]
    affinity:
      podAntiAffinity:
        requiredDuringSchedulingIgnoredDuringExecution:
        - topologyKey: kubernetes.io/hostname
          labelSelector:
            matchExpressions: [{key: app, operator: In, values: [db]}]
    """
    assert avoids_its_own(pod(affinity, labels={"app": "db"}))
    assert not avoids_its_own(pod(affinity, labels={"app": "web"}))
