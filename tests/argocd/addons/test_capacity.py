"""The pods that the rules count on the general pool are those that are rendered, with their requests."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from argocd.addons.installed import installed_charts
from environments import eks_addons
from environments.capacity import DAEMON_PODS, DAEMONS, Pods, Room, node_room
from environments.capacity import general_pods as counted
from environments.catalog import INSTANCE_TYPES
from environments.eks_addons import EksAddonPod
from environments.names import GENERAL_POOL, NODE_POOL_LABEL, App, Names, Stack
from tests.support.manifests import Manifest
from tests.support.quantities import quantity
from tests.support.terraform import Terraform

ENVIRONMENTS = pytest.mark.parametrize("name", ["dev", "prod"])


def configured(pod: EksAddonPod, cluster: Terraform) -> Room:
    """What the pod requests by the add-on's rendered configuration."""
    (addon,) = (
        body
        for body in cluster.resources("aws_eks_addon").values()
        if body["addon_name"] == pod.addon
    )
    if "configuration_values" not in addon:
        return Room(0, 0)
    configuration = json.loads(addon["configuration_values"])
    sized = configuration[pod.part] if pod.part else configuration
    return requested(sized["resources"]) * len(pod.containers)


# A DaemonSet of a chart takes its share of every node instead.
DAEMON_VALUES = ("prometheus-node-exporter",)
# The operator makes a second container of each Prometheus and Alertmanager pod, with these requests.
MADE_BY_OPERATOR = ("prometheusConfigReloader",)


def requested(resources: Mapping[str, Mapping[str, object]]) -> Room:
    requests = resources["requests"]
    return Room(
        round(quantity(requests["cpu"]) * 1000), round(quantity(requests["memory"]) / 2**20)
    )


def of_manifest(workload: Manifest) -> Pods:
    pod = workload["spec"]["template"]["spec"]
    each = sum((requested(c["resources"]) for c in pod["containers"]), Room(0, 0))
    even = any(
        constraint["whenUnsatisfiable"] == "DoNotSchedule" and constraint["maxSkew"] == 1
        for constraint in pod.get("topologySpreadConstraints", [])
    )
    count = workload["spec"].get("replicas", 1)
    return Pods(workload["metadata"]["name"], count, each, even=even)


def of_values(
    name: str, values: Mapping[str, object], replicas: int = 1
) -> Iterator[tuple[str, int, Room]]:
    """Each container that a chart's values size: where, how many, how large."""
    for key in ("replicas", "replicaCount"):
        own = values.get(key)
        if isinstance(own, int):
            replicas = own
    resources = values.get("resources")
    if isinstance(resources, Mapping) and "cpu" in resources.get("requests", {}):
        yield name, replicas, requested(resources)
    for key, part in values.items():
        if isinstance(part, Mapping) and key != "resources":
            yield from of_values(f"{name}.{key}", part, replicas)


def addon_pods(names: Names) -> list[Pods]:
    sized = [
        (where, count, each)
        for chart in installed_charts(names)
        for where, count, each in of_values(chart.addon, chart.values)
    ]
    (reloader,) = {each for where, _, each in sized if where.endswith(MADE_BY_OPERATOR)} or {
        Room(0, 0)
    }
    pods = []
    for where, count, each in sized:
        if where.endswith((*DAEMON_VALUES, *MADE_BY_OPERATOR)):
            continue
        reloaded = where.endswith(("prometheusSpec", "alertmanagerSpec"))
        if where.endswith("sidecar"):  # one container for boards, one for data sources
            pods.append(Pods(where, count, each + each))
        else:
            pods.append(Pods(where, count, each + reloader if reloaded else each, apart=reloaded))
    return pods


def daemons(names: Names, cluster: Terraform) -> Room:
    """What EKS and charts run on every node."""
    of_charts = (
        each
        for chart in installed_charts(names)
        for where, _, each in of_values(chart.addon, chart.values)
        if where.endswith(DAEMON_VALUES)
    )
    return sum((*of_charts, *(configured(pod, cluster) for pod in eks_addons.DAEMONS)), Room(0, 0))


def argo_cd_pods(folder: Path) -> list[Pods]:
    """Argo CD's workloads, with the requests in their patches."""
    pods = []
    for file in sorted(folder.glob("*.yaml")):
        document = yaml.load(file.read_text(), yaml.CSafeLoader)
        if isinstance(document, dict) and document.get("kind") in ("Deployment", "StatefulSet"):
            containers = document["spec"]["template"]["spec"]["containers"]
            each = sum((requested(c["resources"]) for c in containers), Room(0, 0))
            count = document["spec"].get("replicas", 1)
            pods.append(Pods(document["metadata"]["name"], count, each))
    return pods


@pytest.fixture
def cluster(name: str, terraform: dict[str, dict[Stack, Terraform]]) -> Terraform:
    return terraform[name][Stack.CLUSTER]


@pytest.fixture
def general_pods(
    name: str,
    rendered: Path,
    manifests: dict[str, dict[App, list[Manifest]]],
    names: dict[str, Names],
    cluster: Terraform,
) -> list[Pods]:
    ours = [
        of_manifest(workload)
        for objects in manifests[name].values()
        for workload in objects
        if workload["kind"] in ("Deployment", "Job")
        and workload["spec"]["template"]["spec"]["nodeSelector"] == {NODE_POOL_LABEL: GENERAL_POOL}
    ]
    argo_cd = argo_cd_pods(rendered / name / "argocd-install")
    eks = [
        Pods(pod.name, pod.replicas or 0, configured(pod, cluster))
        for pod in eks_addons.DEPLOYMENTS
    ]
    return [*ours, *eks, *argo_cd, *addon_pods(names[name])]


@ENVIRONMENTS
def test_eks_daemons_are_counted(name: str, names: dict[str, Names], cluster: Terraform) -> None:
    """kube-proxy's 100m alone, and 40 MiB for each of three containers of the EBS driver."""
    counted = daemons(names[name], cluster)
    assert counted.cpu > 100
    assert counted.memory > 3 * 40


@ENVIRONMENTS
def test_each_kind_of_workload_is_counted(general_pods: list[Pods]) -> None:
    counted = {pods.name for pods in general_pods}
    assert {
        "orchestrator",
        "coredns",
        "argocd-server",
        "external-secrets",
        "external-secrets.webhook",
        "metrics-server",
        "cluster-autoscaler",
        "aws-load-balancer-controller",
    } <= counted


@ENVIRONMENTS
def test_the_rules_count_the_pods_that_are_rendered(
    name: str, general_pods: list[Pods], names: dict[str, Names]
) -> None:
    """A pod that is new or has another size belongs in environments/capacity.py."""
    assert set(counted(names[name].env)) == set(general_pods)


@ENVIRONMENTS
def test_the_rules_count_the_daemons_of_each_node(
    name: str, names: dict[str, Names], cluster: Terraform
) -> None:
    assert daemons(names[name], cluster) == DAEMONS
    assert len(eks_addons.DAEMONS) + len(DAEMON_VALUES) == DAEMON_PODS


def test_a_node_has_the_room_that_eks_users_measure() -> None:
    """About 1930m and 7 GiB for all pods of a t3.large, daemons included; 3920m of a c5.xlarge."""
    assert node_room(INSTANCE_TYPES["t3.large"]) == Room(1930, 6837)
    assert node_room(INSTANCE_TYPES["c5.xlarge"]).cpu == 3920
