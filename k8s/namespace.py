"""The platform's namespace, the most that its pods may take (B10), and what they may reach.

The quota is what the apps take at their largest, to the pod, and nothing else. It follows from the
environment: raising `max_replicas` raises it. A pod that shuts down still counts while its successor
already runs, so each app's share has room for both.
"""

from dataclasses import dataclass

import constructs

from environments.address_plan import address_plan
from environments.names import NAMESPACE, App
from environments.spec import Compute, Environment
from k8s import clickhouse_schema, database_users, orchestrator
from k8s.parts.base import AppChart
from k8s.parts.limits import (
    EPHEMERAL_LIMIT_MIB,
    EPHEMERAL_REQUEST_MIB,
    count,
    limit_range,
    mebibytes,
    millicores,
    requirements,
    resource_quota,
)
from k8s.parts.network_policies import NetworkPolicies


@dataclass(frozen=True, kw_only=True)
class Share:
    """The most pods that one app runs at a time, and the requests and limits of each."""

    pods: int
    compute: Compute


def shares(env: Environment) -> tuple[Share, ...]:
    return (
        Share(pods=env.worker.most_at_once, compute=env.worker.compute),
        Share(pods=orchestrator.most_pods(env), compute=env.orchestrator.compute),
        Share(pods=1, compute=database_users.COMPUTE),
        Share(pods=1, compute=clickhouse_schema.COMPUTE),
    )


class NamespaceChart(AppChart):
    """Namespace with the restricted Pod Security level, its quota and its network policies."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.NAMESPACE, env=env)
        self.restricted_namespace(NAMESPACE)
        self._quota(shares(env))
        self._limit_range([share.compute for share in shares(env)])
        NetworkPolicies(self, "network-policies", plan=address_plan(env.network))

    def _quota(self, parts: tuple[Share, ...]) -> None:
        pods = sum(p.pods for p in parts)
        resource_quota(
            self,
            "platform",
            {
                "pods": count(pods),
                "requests.cpu": millicores(
                    sum(p.pods * p.compute.cpu_request_millicores for p in parts)
                ),
                "limits.cpu": millicores(
                    sum(p.pods * p.compute.cpu_limit_millicores for p in parts)
                ),
                "requests.memory": mebibytes(
                    sum(p.pods * p.compute.memory_request_mib for p in parts)
                ),
                "limits.memory": mebibytes(sum(p.pods * p.compute.memory_limit_mib for p in parts)),
                "requests.ephemeral-storage": mebibytes(pods * EPHEMERAL_REQUEST_MIB),
                "limits.ephemeral-storage": mebibytes(pods * EPHEMERAL_LIMIT_MIB),
                "persistentvolumeclaims": count(0),  # all state is in AWS
            },
        )

    def _limit_range(self, containers: list[Compute]) -> None:
        small = requirements(database_users.COMPUTE)
        limit_range(
            self,
            default_request=small.requests or {},
            default=small.limits or {},
            max_={
                "cpu": millicores(max(c.cpu_limit_millicores for c in containers)),
                "memory": mebibytes(max(c.memory_limit_mib for c in containers)),
                "ephemeral-storage": mebibytes(EPHEMERAL_LIMIT_MIB),
            },
        )
