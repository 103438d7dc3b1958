"""Gives each Ingress of class `alb` its load balancer's name, as the controller does it."""

import asyncio
from collections.abc import Callable, Iterator

from lightkube import AsyncClient
from lightkube.resources.networking_v1 import Ingress

from environments.names import Names
from evalctl.rehearsal.cluster.state import Snapshot, annotation, name_of, namespace_of

_CLASS = "alb"
_NAME_ANNOTATION = "alb.ingress.kubernetes.io/load-balancer-name"
_SCHEME_ANNOTATION = "alb.ingress.kubernetes.io/scheme"


async def act(
    client: AsyncClient, snapshot: Snapshot, *, names: Names, controls: Callable[[Snapshot], bool]
) -> None:
    """`controls` is whether the controller's pod runs."""
    if not controls(snapshot):
        return
    await asyncio.gather(
        *(
            client.patch(
                Ingress.Status,
                name_of(ingress),
                {"status": {"loadBalancer": {"ingress": [{"hostname": _host(ingress, names)}]}}},
                namespace=namespace_of(ingress),
            )
            for ingress in without_address(snapshot)
        )
    )


def without_address(snapshot: Snapshot) -> Iterator[Ingress]:
    for ingress in snapshot.ingresses:
        balancer = ingress.status.loadBalancer if ingress.status else None
        if (
            ingress.spec
            and ingress.spec.ingressClassName == _CLASS
            and not (balancer and balancer.ingress)
        ):
            yield ingress


def _host(ingress: Ingress, names: Names) -> str:
    """As ELB writes it; the number is ELB's own."""
    internal = "" if annotation(ingress, _SCHEME_ANNOTATION) == "internet-facing" else "internal-"
    name = (
        annotation(ingress, _NAME_ANNOTATION) or f"k8s-{namespace_of(ingress)}-{name_of(ingress)}"
    )
    return f"{internal}{name}-1234567890.{names.env.account.region}.elb.amazonaws.com"
