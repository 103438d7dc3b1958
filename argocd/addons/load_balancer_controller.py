"""AWS Load Balancer Controller: makes a load balancer for each Ingress (B3).

Value keys: `helm/aws-load-balancer-controller` of kubernetes-sigs/aws-load-balancer-controller, its
values read at 1.6 (controller 2.6), templates and code at 3.x; `vpcTags` as users of 3.5.0 report it.
"""

from argocd.addons.chart import AddonChart
from argocd.addons.values import (
    CONTAINER_SECURITY,
    ON_GENERAL_POOL,
    POD_SECURITY,
    Values,
)
from environments.names import LOAD_BALANCER_CONTROLLER, Addon, Names
from environments.spec import Compute

_CONTROLLER = Compute.of(cpu="50m", cpu_limit="250m", memory="128Mi", memory_limit="256Mi")


def chart(names: Names) -> AddonChart:
    return AddonChart(
        addon=Addon.LOAD_BALANCER_CONTROLLER,
        namespace=LOAD_BALANCER_CONTROLLER.namespace,
        values=_values(names),
        # Deleting its CRDs deletes the TargetGroupBindings, and the load balancer loses its targets.
        holds_data=True,
    )


def _values(names: Names) -> Values:
    return {
        "clusterName": names.cluster,
        "region": names.env.account.region,
        # The VPC's id is known only after an apply, and pods cannot reach the node's metadata (one
        # hop): the controller finds the VPC by the name that the network stack gives it.
        "vpcTags": {"Name": names.prefix},
        "serviceAccount": {"create": True, "name": LOAD_BALANCER_CONTROLLER.name},
        "replicaCount": names.env.controller_replicas,
        "podDisruptionBudget": {"maxUnavailable": 1},  # the chart makes it for two replicas or more
        "resources": _CONTROLLER.as_manifest(),
        "nodeSelector": ON_GENERAL_POOL,
        "priorityClassName": "system-cluster-critical",
        "podSecurityContext": {"fsGroup": 65534, **POD_SECURITY},
        "securityContext": CONTAINER_SECURITY,
        "ingressClass": "alb",
        "createIngressClassResource": True,
        "ingressClassParams": {"create": False},  # our Ingress has it all in annotations
        # While the controller is down, this webhook would refuse every new Service in the cluster. It
        # is for Services of type LoadBalancer only, which the namespace's quota forbids.
        "enableServiceMutatorWebhook": False,
        # See `argocd/ignored_fields.py` for the certificate of the webhooks that remain.
        "keepTLSSecret": True,
        "enableCertManager": False,
        "clusterSecretsPermissions": {"allowAllSecrets": False},
    }
