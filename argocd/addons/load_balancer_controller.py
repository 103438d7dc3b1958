"""AWS Load Balancer Controller: makes the load balancers that Ingresses ask for (B3).

Value keys: `helm/aws-load-balancer-controller` of kubernetes-sigs/aws-load-balancer-controller, its
values read at 1.6 (controller 2.6), templates and code at 3.x; `vpcTags`, as users report it of 3.5.0.
"""

from argocd.addons.release import Release
from argocd.addons.values import (
    CONTAINER_SECURITY,
    ON_GENERAL_POOL,
    POD_SECURITY,
    Values,
)
from environments.names import LOAD_BALANCER_CONTROLLER, Addon, Names
from environments.spec import Compute

_CONTROLLER = Compute.of(cpu="50m", cpu_limit="250m", memory="128Mi", memory_limit="256Mi")


def release(names: Names) -> Release:
    return Release(
        addon=Addon.LOAD_BALANCER_CONTROLLER,
        namespace=LOAD_BALANCER_CONTROLLER.namespace,
        values=_values(names),
        # With its definitions go the TargetGroupBindings, and with them the targets of what serves.
        holds_data=True,
    )


def _values(names: Names) -> Values:
    return {
        "clusterName": names.cluster,
        "region": names.env.account.region,
        # The VPC's id is known only after an apply, and asking the node for it is out of reach for a
        # pod (one hop): the controller finds the VPC by the name that the network stack gives it.
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
        "ingressClassParams": {"create": False},  # our Ingress says it all by annotations
        # Without a controller to answer, this webhook would refuse every new Service in the cluster,
        # and it only serves Services of type LoadBalancer, which the namespace's quota forbids.
        "enableServiceMutatorWebhook": False,
        # See `argocd/ignored_fields.py` for the certificate of the webhooks that remain.
        "keepTLSSecret": True,
        "enableCertManager": False,
        "clusterSecretsPermissions": {"allowAllSecrets": False},
    }
