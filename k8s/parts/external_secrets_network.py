"""The network policies of the External Secrets Operator, which can read every secret.

All traffic is denied, except what is listed here. Prometheus scrapes none of its pods. The ports are the
chart's defaults.
"""

import constructs

from bindings.network_policies import (
    Egress,
    Ingress,
    addresses,
    aws_credentials,
    default_deny,
    dns,
    from_,
    internet,
    network_policy,
    to,
)
from environments.address_plan import address_plan, kubernetes_api
from environments.names import SERVICE_CIDR, ExternalSecretsPart
from environments.spec import Network

WEBHOOK_PORT = 10250

# The AWS services that the operator calls.
_AWS_SERVICES = frozenset({"secretsmanager", "sts"})


class ExternalSecretsNetwork(constructs.Construct):
    """Default deny in both directions, DNS for all pods, and each part's own traffic."""

    def __init__(self, scope: constructs.Construct, id_: str, *, network: Network) -> None:
        super().__init__(scope, id_)
        plan = address_plan(network)
        private = [addresses(zone.private) for zone in plan]
        # The API server, and the endpoints of AWS services in the VPC.
        api = to([addresses(cidr) for cidr in kubernetes_api(plan)], 443)
        credentials = aws_credentials()
        # With endpoints for all that it calls, the operator needs no internet.
        in_vpc = set(network.interface_endpoints) >= _AWS_SERVICES
        aws = [] if in_vpc else [to([internet()], 443)]

        default_deny(self, after_the_paths=True)
        dns(self, services=addresses(SERVICE_CIDR))
        self._policy(ExternalSecretsPart.OPERATOR, egress=[api, credentials, *aws])
        self._policy(
            ExternalSecretsPart.WEBHOOK,
            ingress=[from_(private, WEBHOOK_PORT)],  # the API server
            egress=[api],
        )
        self._policy(ExternalSecretsPart.CERT_CONTROLLER, egress=[api])

    def _policy(
        self,
        part: ExternalSecretsPart,
        *,
        egress: list[Egress],
        ingress: list[Ingress] | None = None,
    ) -> None:
        network_policy(
            self,
            part,
            pods={"app.kubernetes.io/name": part},
            ingress=ingress or [],
            egress=egress,
        )
