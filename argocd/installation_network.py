"""The network policies of Argo CD's namespace: all traffic is denied, except what is listed here.

They replace those of Argo CD's release, which admit every pod of the cluster to the API and to the
metrics, and limit no egress. Prometheus does not scrape Argo CD. People reach the API by port-forward,
which starts inside the pod (containerd, `internal/cri/server/sandbox_portforward_linux.go`), so that no
policy applies to it. The ports are the release's.
"""

from typing import cast

import cdk8s

from bindings.network_policies import (
    Egress,
    Ingress,
    Peer,
    addresses,
    default_deny,
    dns,
    from_,
    internet,
    network_policy,
    pods_with,
    to,
)
from environments.address_plan import address_plan, kubernetes_api
from environments.names import ARGOCD_NAMESPACE, SERVICE_CIDR, Names
from environments.spec import Environment

CONTROLLER = "argocd-application-controller"
APPLICATION_SETS = "argocd-applicationset-controller"
REPO_SERVER = "argocd-repo-server"
SERVER = "argocd-server"
REDIS = "argocd-redis"

_REPO_SERVER_PORT = 8081
_REDIS_PORT = 6379


def policies(env: Environment) -> list[dict[str, object]]:
    """Default deny in both directions, DNS for all pods, and each component's own traffic."""
    chart = cdk8s.Chart(
        cdk8s.App(),
        "network",
        namespace=ARGOCD_NAMESPACE,
        labels=Names(env).labels("argocd"),
        disable_resource_name_hashes=True,
    )
    services = addresses(SERVICE_CIDR)
    api = to([addresses(cidr) for cidr in kubernetes_api(address_plan(env.network))], 443)
    https = to([internet()], 443)
    repo_server = to([_pods(REPO_SERVER), services], _REPO_SERVER_PORT)
    redis = to([_pods(REDIS), services], _REDIS_PORT)
    previews = env.previews is not None

    default_deny(chart, after_the_paths=True)
    dns(chart, services=services)
    _policy(chart, CONTROLLER, egress=[api, repo_server, redis])
    _policy(chart, SERVER, egress=[api, repo_server, redis])
    renders_for = (CONTROLLER, SERVER, *([APPLICATION_SETS] if previews else []))
    _policy(
        chart,
        REPO_SERVER,
        ingress=[from_([_pods(name) for name in renders_for], _REPO_SERVER_PORT)],
        egress=[redis, https],  # this repository, and those of the charts
    )
    _policy(
        chart,
        REDIS,
        ingress=[from_([_pods(name) for name in (CONTROLLER, SERVER, REPO_SERVER)], _REDIS_PORT)],
        egress=[api],  # its first container makes the Secret with the password
    )
    if previews:
        _policy(chart, APPLICATION_SETS, egress=[api, repo_server, https])  # GitHub's API
    return cast(list[dict[str, object]], chart.to_json())


def _policy(
    chart: cdk8s.Chart, name: str, *, egress: list[Egress], ingress: list[Ingress] | None = None
) -> None:
    network_policy(chart, name, pods=_labels(name), ingress=ingress or [], egress=egress)


def _pods(name: str) -> Peer:
    return pods_with(_labels(name))


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/name": name}
