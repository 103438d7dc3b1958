"""The entrance: subnets and the load balancer, its hostname, its certificate, the alert on its expiry."""

import re
from collections.abc import Iterator

from evalctl.checks.check import Finding, Subject, check, require
from evalctl.checks.routing import alerts
from evalctl.parsed.kubernetes import chart_values, namespace_of, objects, selects
from evalctl.parsed.node import Node
from evalctl.parsed.terraform import resources

_ALB = "alb.ingress.kubernetes.io"
_ROLE = {"internal": "kubernetes.io/role/internal-elb", "internet-facing": "kubernetes.io/role/elb"}
_EXPIRY = "aws_certificatemanager_days_to_expiry"


@check(
    title="The load balancer finds a subnet in each zone, and the pods accept it from there",
    rests_on="the Ingress' scheme; tags of subnets; network policies of the Service's pods",
)
def load_balancer_subnets(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    for ingress in objects(env, "Ingress"):
        scheme = ingress.at("metadata", "annotations", f"{_ALB}/scheme")
        tag = _ROLE.get(scheme.text_or("internal"), "")
        tagged = [each for each in resources(env, "aws_subnet") if each["tags"][tag].value == "1"]
        zones = {each["availability_zone"].text() for each in resources(env, "aws_subnet")}
        found = {each["availability_zone"].text() for each in tagged}
        yield require(
            scheme,
            bool(found) and found == zones,
            f"{len(found)} of {len(zones)} zones have a subnet with the tag {tag}",
            other=tagged[0]["tags"][tag] if tagged else None,
        )
        for subnet in tagged:
            cidr = subnet["cidr_block"]
            accepting = [node for node in _accepted(subject, ingress) if node.value == cidr.value]
            yield require(
                cidr,
                bool(accepting),
                "no network policy accepts the load balancer from here",
                other=accepting[0] if accepting else None,
            )


def _accepted(subject: Subject, ingress: Node) -> Iterator[Node]:
    """The networks from which the pods behind the Ingress accept connections."""
    names = {
        path.at("backend", "service", "name").value
        for rule in ingress.at("spec", "rules").items()
        for path in rule.at("http", "paths").items()
    }
    services = [
        each
        for each in objects(subject.env, "Service")
        if namespace_of(each) == namespace_of(ingress) and each["metadata"]["name"].value in names
    ]
    for policy in objects(subject.env, "NetworkPolicy"):
        selector = policy.at("spec", "podSelector")
        if selector.value and any(
            selects(selector, each.at("spec", "selector").labels()) for each in services
        ):
            for rule in policy.at("spec", "ingress").items():
                for peer in rule["from"].items():
                    yield peer.at("ipBlock", "cidr")


@check(
    title="The hostname has a certificate, and an alert fires before it expires",
    rests_on="hosts of the Ingress; ACM's metric in the CloudWatch exporter; alerts on it",
)
def certificate(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    for ingress in objects(env, "Ingress"):
        secured = [
            host for tls in ingress.at("spec", "tls").items() for host in tls["hosts"].items()
        ]
        for rule in ingress.at("spec", "rules").items():
            host = rule["host"]
            found = [each for each in secured if each.value == host.value]
            yield require(
                host,
                bool(found),
                "no certificate is for this host",
                other=found[0] if found else None,
            )
    watching = [
        alert.rule["expr"]
        for alert in alerts(env)
        if re.search(rf"\b{_EXPIRY}\w*.*<", alert.rule["expr"].text())
    ]
    exported = [node for node in _exported(subject) if node.value == "DaysToExpiry"]
    place = watching[0] if watching else env.place("dashboards")
    yield require(
        place,
        bool(watching),
        f"no alert compares {_EXPIRY}",
        other=exported[0] if exported else None,
    )
    if watching:
        yield require(
            watching[0], bool(exported), "the CloudWatch exporter does not read DaysToExpiry"
        )


def _exported(subject: Subject) -> Iterator[Node]:
    for application, values in chart_values(subject.env):
        if application.at("spec", "source", "chart").text().endswith("cloudwatch-exporter"):
            for job in values["config"].document()["customNamespace"].items():
                for metric in job["metrics"].items():
                    yield metric["name"]
