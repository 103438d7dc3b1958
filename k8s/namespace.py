"""The platform's namespace and what nothing inside it may exceed (B10) or reach."""

import cdk8s
import constructs
from cdk8s_plus_28 import k8s

from environments.names import NAMESPACE, App
from environments.spec import Environment
from k8s.parts.base import AppChart
from k8s.parts.network_policies import NetworkPolicies
from k8s.parts.quota import Quota


class NamespaceChart(AppChart):
    """Namespace with the restricted Pod Security level, its quota and its network policies."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.NAMESPACE, env=env)
        restricted_namespace(self, NAMESPACE)
        Quota(self, "quota", env=env)
        NetworkPolicies(self, "network-policies", vpc_cidr=env.network.vpc_cidr)


def restricted_namespace(chart: AppChart, name: str) -> None:
    """A namespace that takes only pods of the restricted Pod Security level."""
    levels = {
        f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")
    }
    namespace = k8s.KubeNamespace(
        chart,
        "namespace",
        metadata=k8s.ObjectMeta(
            name=name,
            labels=levels,
            # Everything in it goes with it, so nobody's edit of Git, and no deletion of its
            # Application, removes it unasked.
            annotations={"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=confirm"},
        ),
    )
    # The chart puts every object into the platform's namespace; this one is in none.
    chart.amend(namespace, cdk8s.JsonPatch.remove("/metadata/namespace"))
