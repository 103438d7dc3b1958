"""Requests, limits and quotas (B10), as cdk8s takes them."""

from collections.abc import Mapping
from functools import cache

from cdk8s_plus_28 import k8s

from environments.spec import Compute
from k8s.parts.base import AppChart

# Of each container, for logs and `/tmp`: beyond the limit Kubernetes evicts the pod, before it fills
# its node's disk.
EPHEMERAL_REQUEST_MIB = 256
EPHEMERAL_LIMIT_MIB = 2048


def requirements(compute: Compute) -> k8s.ResourceRequirements:
    amounts = compute.as_manifest()
    return k8s.ResourceRequirements(
        requests=_quantities(amounts["requests"], ephemeral_mib=EPHEMERAL_REQUEST_MIB),
        limits=_quantities(amounts["limits"], ephemeral_mib=EPHEMERAL_LIMIT_MIB),
    )


def _quantities(amounts: Mapping[str, str], *, ephemeral_mib: int) -> dict[str, k8s.Quantity]:
    quantities = {name: quantity(amount) for name, amount in amounts.items()}
    return {**quantities, "ephemeral-storage": mebibytes(ephemeral_mib)}


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


@cache  # each call of Node's takes time, and amounts repeat
def quantity(text: str) -> k8s.Quantity:
    return k8s.Quantity.from_string(text)


def count(number: int) -> k8s.Quantity:
    return quantity(str(number))


def millicores(number: int) -> k8s.Quantity:
    return quantity(f"{number}m")


def mebibytes(number: int) -> k8s.Quantity:
    return quantity(f"{number}Mi")
