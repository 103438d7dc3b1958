"""The workloads of the EKS add-ons, which no chart of ours brings, with the requests of the cluster stack.

Tolerations, priorities and labels are those of the add-ons' charts.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from lightkube import AsyncClient
from lightkube.core.resource import GlobalResource, NamespacedResource
from lightkube.models.apps_v1 import DaemonSetSpec, DeploymentSpec
from lightkube.models.core_v1 import (
    Container,
    PodSpec,
    PodTemplateSpec,
    ResourceRequirements,
    ServicePort,
    ServiceSpec,
    Toleration,
)
from lightkube.models.discovery_v1 import Endpoint, EndpointConditions, EndpointPort
from lightkube.models.meta_v1 import LabelSelector, ObjectMeta
from lightkube.models.policy_v1 import PodDisruptionBudgetSpec
from lightkube.models.storage_v1 import CSIDriverSpec
from lightkube.resources.apps_v1 import DaemonSet, Deployment
from lightkube.resources.core_v1 import Service, ServiceAccount
from lightkube.resources.discovery_v1 import EndpointSlice
from lightkube.resources.policy_v1 import PodDisruptionBudget
from lightkube.resources.storage_v1 import CSIDriver

from environments import names as shared
from environments.address_plan import address_plan
from environments.catalog import EKS_VERSIONS
from environments.eks_addons import (
    AWS_NODE,
    COREDNS,
    DAEMONS,
    DEPLOYMENTS,
    EBS_CSI_CONTROLLER,
    EksAddonPod,
)
from environments.names import Names
from environments.spec import Environment
from evalctl.rehearsal.cluster.volumes import DRIVER

_NAMESPACE = "kube-system"
# EKS' own registry in most regions; nothing is pulled.
_REGISTRY = "602401143452.dkr.ecr.{region}.amazonaws.com/eks"
# Every node, whatever its taints.
_EVERYWHERE = [Toleration(operator="Exists")]
_CRITICAL = [Toleration(key="CriticalAddonsOnly", operator="Exists")]
_LABELS = {COREDNS.name: {"k8s-app": "kube-dns"}}
_ACCOUNTS = {
    AWS_NODE.name: shared.VPC_CNI.name,
    EBS_CSI_CONTROLLER.name: shared.EBS_CSI_CONTROLLER.name,
}
# The tenth address of the range, which EKS gives the DNS Service.
_DNS_ADDRESS = str(IPv4Network(shared.SERVICE_CIDR)[10])


async def install(client: AsyncClient, names: Names) -> None:
    """Create the add-ons' objects, or bring them to the environment's values."""
    for item in objects(names):
        await client.apply(item, field_manager="eks", force=True)


def objects(names: Names) -> Iterator[NamespacedResource | GlobalResource]:
    env = names.env
    yield CSIDriver(
        metadata=ObjectMeta(name=DRIVER),
        spec=CSIDriverSpec(attachRequired=True, podInfoOnMount=False),
    )
    for pod in (*DAEMONS, *DEPLOYMENTS):
        yield ServiceAccount(metadata=_metadata(_account(pod)))
    for pod in DAEMONS:
        yield DaemonSet(
            metadata=_metadata(pod.name),
            spec=DaemonSetSpec(
                selector=LabelSelector(matchLabels=_labels(pod)),
                template=_template(pod, env, "system-node-critical", _EVERYWHERE),
            ),
        )
    for pod in DEPLOYMENTS:
        yield Deployment(
            metadata=_metadata(pod.name),
            spec=DeploymentSpec(
                replicas=pod.replicas,
                selector=LabelSelector(matchLabels=_labels(pod)),
                template=_template(pod, env, "system-cluster-critical", _CRITICAL),
            ),
        )
        yield PodDisruptionBudget(
            metadata=_metadata(pod.name),
            spec=PodDisruptionBudgetSpec(
                maxUnavailable=1, selector=LabelSelector(matchLabels=_labels(pod))
            ),
        )
    yield _endpoints_of_the_api(names)
    yield Service(
        metadata=_metadata("kube-dns"),
        spec=ServiceSpec(
            clusterIP=_DNS_ADDRESS,
            selector=_labels(COREDNS),
            ports=[
                ServicePort(name="dns", port=53, protocol="UDP"),
                ServicePort(name="dns-tcp", port=53, protocol="TCP"),
            ],
        ),
    )


def _endpoints_of_the_api(names: Names) -> EndpointSlice:
    """EKS' network interfaces in the private subnets; the API server here listens on loopback only."""
    zones = address_plan(names.env.network)
    return EndpointSlice(
        metadata=ObjectMeta(
            name="kubernetes",
            namespace="default",
            labels={"kubernetes.io/service-name": "kubernetes"},
        ),
        addressType="IPv4",
        endpoints=[
            Endpoint(addresses=[str(zone.private[10])], conditions=EndpointConditions(ready=True))
            for zone in zones
        ],
        ports=[EndpointPort(name="https", port=443, protocol="TCP")],
    )


def _template(
    pod: EksAddonPod, env: Environment, priority: str, tolerations: list[Toleration]
) -> PodTemplateSpec:
    registry = _REGISTRY.format(region=env.account.region)
    resources = pod.compute.as_manifest() if pod.compute else {"requests": {}, "limits": {}}
    return PodTemplateSpec(
        metadata=ObjectMeta(labels=_labels(pod)),
        spec=PodSpec(
            serviceAccountName=_account(pod),
            priorityClassName=priority,
            tolerations=tolerations,
            containers=[
                Container(
                    name=name,
                    image=f"{registry}/{name}:{_version(pod, env)}",
                    resources=ResourceRequirements(
                        requests=resources["requests"], limits=resources["limits"]
                    ),
                )
                for name in pod.containers
            ],
        ),
    )


def _version(pod: EksAddonPod, env: Environment) -> str:
    versions = EKS_VERSIONS[env.cluster.kubernetes_version]
    return {
        "kube-proxy": versions.kube_proxy,
        "vpc-cni": versions.vpc_cni,
        "eks-pod-identity-agent": versions.pod_identity_agent,
        "aws-ebs-csi-driver": versions.ebs_csi_driver,
        "coredns": versions.coredns,
    }[pod.addon]


def _labels(pod: EksAddonPod) -> dict[str, str]:
    return _LABELS.get(pod.name, {"k8s-app": pod.name})


def _account(pod: EksAddonPod) -> str:
    return _ACCOUNTS.get(pod.name, pod.name)


def _metadata(name: str) -> ObjectMeta:
    return ObjectMeta(name=name, namespace=_NAMESPACE)
