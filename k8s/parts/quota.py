"""How much the namespace may ask for: the platform at its largest, to the pod, and nothing else.

The numbers follow from the environment, so that raising `max_replicas` raises the quota. A pod that
is on its way out still counts, and its successor is made at once: each app's share has room for
both.
"""

from dataclasses import dataclass

import constructs
from cdk8s_plus_28 import k8s

from environments.spec import Compute, Environment
from k8s import clickhouse_schema, database_users, orchestrator
from k8s.parts.pods import EPHEMERAL_LIMIT_MIB, EPHEMERAL_REQUEST_MIB, mebibytes, millicores


@dataclass(frozen=True, kw_only=True)
class Share:
    """What one app's pods take together, at most."""

    pods: int
    compute: Compute  # of one pod


def shares(env: Environment) -> tuple[Share, ...]:
    return (
        Share(pods=env.worker.most_at_once, compute=env.worker.compute),
        Share(pods=orchestrator.most_pods(env), compute=env.orchestrator.compute),
        Share(pods=1, compute=database_users.COMPUTE),
        Share(pods=1, compute=clickhouse_schema.COMPUTE),
    )


class Quota(constructs.Construct):
    """ResourceQuota for the sum, LimitRange for the single container."""

    def __init__(self, scope: constructs.Construct, id_: str, *, env: Environment) -> None:
        super().__init__(scope, id_)
        parts = shares(env)
        self._resource_quota(parts)
        self._limit_range([part.compute for part in parts])

    def _resource_quota(self, parts: tuple[Share, ...]) -> None:
        pods = sum(part.pods for part in parts)
        none = k8s.Quantity.from_string("0")
        k8s.KubeResourceQuota(
            self,
            "resource-quota",
            metadata=k8s.ObjectMeta(name="platform"),
            spec=k8s.ResourceQuotaSpec(
                hard={
                    "pods": k8s.Quantity.from_string(str(pods)),
                    "requests.cpu": millicores(
                        sum(p.pods * p.compute.cpu_request_millicores for p in parts)
                    ),
                    "limits.cpu": millicores(
                        sum(p.pods * p.compute.cpu_limit_millicores for p in parts)
                    ),
                    "requests.memory": mebibytes(
                        sum(p.pods * p.compute.memory_request_mib for p in parts)
                    ),
                    "limits.memory": mebibytes(
                        sum(p.pods * p.compute.memory_limit_mib for p in parts)
                    ),
                    "requests.ephemeral-storage": mebibytes(pods * EPHEMERAL_REQUEST_MIB),
                    "limits.ephemeral-storage": mebibytes(pods * EPHEMERAL_LIMIT_MIB),
                    # State lives in AWS and the one way in is the Ingress.
                    "persistentvolumeclaims": none,
                    "services.loadbalancers": none,
                    "services.nodeports": none,
                }
            ),
        )

    def _limit_range(self, containers: list[Compute]) -> None:
        small = database_users.COMPUTE
        k8s.KubeLimitRange(
            self,
            "limit-range",
            metadata=k8s.ObjectMeta(name="containers"),
            spec=k8s.LimitRangeSpec(
                limits=[
                    k8s.LimitRangeItem(
                        type="Container",
                        # For a container that says nothing, such as one for debugging.
                        default_request={
                            "cpu": millicores(small.cpu_request_millicores),
                            "memory": mebibytes(small.memory_request_mib),
                            "ephemeral-storage": mebibytes(EPHEMERAL_REQUEST_MIB),
                        },
                        default={
                            "cpu": millicores(small.cpu_limit_millicores),
                            "memory": mebibytes(small.memory_limit_mib),
                            "ephemeral-storage": mebibytes(EPHEMERAL_LIMIT_MIB),
                        },
                        max={
                            "cpu": millicores(max(c.cpu_limit_millicores for c in containers)),
                            "memory": mebibytes(max(c.memory_limit_mib for c in containers)),
                            "ephemeral-storage": mebibytes(EPHEMERAL_LIMIT_MIB),
                        },
                    )
                ]
            ),
        )
