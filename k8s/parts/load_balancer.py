"""An Ingress that the AWS Load Balancer Controller turns into an Application Load Balancer (B3).

TLS ends there. The controller finds the certificate in ACM by the host's name, so no manifest contains
an ARN. The load balancer sends to pods directly, not through a node's port.
"""

import json
from ipaddress import IPv4Network

import constructs
from cdk8s_plus_28 import k8s

_CHECK_SECONDS = 10
_HEALTHY_AFTER_CHECKS = 2
# From a pod's readiness to its first request; one more check, since one may just have passed.
HEALTHY_AFTER_SECONDS = _CHECK_SECONDS * (_HEALTHY_AFTER_CHECKS + 1)
# Without a byte for so long, the load balancer closes a connection; its own default.
_IDLE_SECONDS = 60
# For so long a program keeps an idle connection of the load balancer open. If the program closed it first,
# the load balancer could just send a request on it, and would answer 502 (Elastic Load Balancing guide,
# "Troubleshoot your Application Load Balancers", HTTP 502).
KEEP_ALIVE_SECONDS = _IDLE_SECONDS + 15
# How long the last requests of a pod that stops may take.
DRAINING_SECONDS = 30


class LoadBalancer(constructs.Construct):
    """HTTPS for one host name from the allowed networks; HTTP is redirected."""

    def __init__(
        self,
        scope: constructs.Construct,
        id_: str,
        *,
        name: str,
        balancer_name: str,
        service: str,
        port: str,
        health_path: str,
        hostname: str,
        allowed_cidrs: tuple[str, ...],
        tags: dict[str, str],
    ) -> None:
        super().__init__(scope, id_)
        options = {
            "scheme": _scheme(allowed_cidrs),
            "inbound-cidrs": ",".join(allowed_cidrs),
            "target-type": "ip",
            "listen-ports": json.dumps([{"HTTP": 80}, {"HTTPS": 443}]),
            "ssl-redirect": "443",
            "ssl-policy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
            "healthcheck-path": health_path,
            "healthcheck-interval-seconds": str(_CHECK_SECONDS),
            "healthcheck-timeout-seconds": "5",
            "healthy-threshold-count": str(_HEALTHY_AFTER_CHECKS),
            "unhealthy-threshold-count": "2",
            "success-codes": "200",
            "load-balancer-name": balancer_name,
            "load-balancer-attributes": (
                f"idle_timeout.timeout_seconds={_IDLE_SECONDS},"
                "routing.http.drop_invalid_header_fields.enabled=true"
            ),
            "target-group-attributes": f"deregistration_delay.timeout_seconds={DRAINING_SECONDS}",
            "tags": _tags(tags),
        }
        k8s.KubeIngress(
            self,
            "ingress",
            metadata=k8s.ObjectMeta(
                name=name,
                annotations={f"alb.ingress.kubernetes.io/{key}": v for key, v in options.items()},
            ),
            spec=k8s.IngressSpec(
                ingress_class_name="alb",
                tls=[k8s.IngressTls(hosts=[hostname])],
                rules=[_everything(hostname, service=service, port=port)],
            ),
        )


def _scheme(allowed_cidrs: tuple[str, ...]) -> str:
    """An internet-facing load balancer gets public source addresses only, so private CIDRs need an internal one."""
    private = all(IPv4Network(cidr).is_private for cidr in allowed_cidrs)
    return "internal" if private else "internet-facing"


def _tags(tags: dict[str, str]) -> str:
    # Terraform does not make this load balancer, so it does not set the platform's tags.
    owned = tags | {"ManagedBy": "aws-load-balancer-controller"}
    return ",".join(f"{key}={value}" for key, value in owned.items())


def _everything(hostname: str, *, service: str, port: str) -> k8s.IngressRule:
    backend = k8s.IngressBackend(
        service=k8s.IngressServiceBackend(name=service, port=k8s.ServiceBackendPort(name=port))
    )
    return k8s.IngressRule(
        host=hostname,
        http=k8s.HttpIngressRuleValue(
            paths=[k8s.HttpIngressPath(path="/", path_type="Prefix", backend=backend)]
        ),
    )
