"""Requests, limits and quotas (B10), as cdk8s takes them."""

from collections.abc import Mapping

from cdk8s_plus_28 import k8s

from environments.spec import Compute
from k8s.parts.base import AppChart

# Of each container, for logs and `/tmp`: beyond the limit Kubernetes evicts the pod, before it fills
# its node's disk.
EPHEMERAL_REQUEST_MIB = 256
EPHEMERAL_LIMIT_MIB = 2048


def requirements(compute: Compute) -> k8s.ResourceRequirements:
    return k8s.ResourceRequirements(
        requests={
            "cpu": millicores(compute.cpu_request_millicores),
            "memory": mebibytes(compute.memory_request_mib),
            "ephemeral-storage": mebibytes(EPHEMERAL_REQUEST_MIB),
        },
        limits={
            "cpu": millicores(compute.cpu_limit_millicores),
            "memory": mebibytes(compute.memory_limit_mib),
            "ephemeral-storage": mebibytes(EPHEMERAL_LIMIT_MIB),
        },
    )


def resource_quota(chart: AppChart, name: str, hard: Mapping[str, k8s.Quantity]) -> None:
    """The most that the namespace may take, without any Service that opens it to the outside."""
    k8s.KubeResourceQuota(
        chart,
        "resource-quota",
        metadata=k8s.ObjectMeta(name=name),
        spec=k8s.ResourceQuotaSpec(
            hard={**hard, "services.loadbalancers": count(0), "services.nodeports": count(0)}
        ),
    )


def limit_range(
    chart: AppChart,
    *,
    default_request: Mapping[str, k8s.Quantity],
    default: Mapping[str, k8s.Quantity],
    max_: Mapping[str, k8s.Quantity] | None = None,
) -> None:
    """The defaults are for a container that sets none, such as one for debugging."""
    k8s.KubeLimitRange(
        chart,
        "limit-range",
        metadata=k8s.ObjectMeta(name="containers"),
        spec=k8s.LimitRangeSpec(
            limits=[
                k8s.LimitRangeItem(
                    type="Container", default_request=default_request, default=default, max=max_
                )
            ]
        ),
    )


def count(number: int) -> k8s.Quantity:
    return k8s.Quantity.from_string(str(number))


def millicores(number: int) -> k8s.Quantity:
    return k8s.Quantity.from_string(f"{number}m")


def mebibytes(number: int) -> k8s.Quantity:
    return k8s.Quantity.from_string(f"{number // 1024}Gi" if number % 1024 == 0 else f"{number}Mi")
