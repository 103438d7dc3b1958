"""Where pods run and what selects them: taints, labels, selectors, policies, Services, ports."""

from collections.abc import Iterator

from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import (
    Pods,
    called,
    chart_values,
    namespace_of,
    objects,
    pods,
    selects,
)
from evalctl.parsed.node import Node
from evalctl.parsed.terraform import Resource, resources

_PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
_EFFECTS = {
    "NO_SCHEDULE": "NoSchedule",
    "NO_EXECUTE": "NoExecute",
    "PREFER_NO_SCHEDULE": "PreferNoSchedule",
}


@check(
    title="Each pod selects nodes that exist, and tolerates their taints",
    rests_on="nodeSelector and tolerations of pods and charts; labels and taints of node groups; the autoscaler's tags",
)
def taints(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    groups = list(resources(env, "aws_eks_node_group"))
    places = [(owner.spec["nodeSelector"], owner.spec["tolerations"]) for owner in pods(env)]
    for _, values in chart_values(env):
        for node in values.walk():
            if node.path[-1] == "nodeSelector":
                around = values.at(*node.path[len(values.path) : -1])
                places.append((node, around["tolerations"]))
    for selector, tolerations in places:
        chosen = [
            group
            for group in groups
            if selector.labels() and selector.labels().items() <= group["labels"].labels().items()
        ]
        if not chosen:
            yield Finding(selector, "no node group has these labels")
        for group in chosen:
            yield Finding(selector, None, group["labels"])
            for taint in group["taint"].blocks():
                tolerated = any(_tolerates(each, taint) for each in tolerations.items())
                yield require(
                    tolerations, tolerated, "the pods do not tolerate this", other=taint["value"]
                )
    for group in groups:
        yield from _autoscaled(subject, group)


def _tolerates(toleration: Node, taint: Node) -> bool:
    same = toleration["key"].value in (None, taint["key"].value)
    if toleration["operator"].value != "Exists":
        same = same and toleration["value"].value == taint["value"].value
    effect = _EFFECTS.get(taint["effect"].text())
    return same and toleration["effect"].value in (None, effect)


def _autoscaled(subject: Subject, group: Resource) -> Iterator[Finding]:
    """The cluster-autoscaler starts a node for a pod by these tags, while the group has none."""
    prefix = "k8s.io/cluster-autoscaler/node-template"
    tags = {
        each.body.at("tag", "key").text(): each.body.at("tag", "value")
        for each in resources(subject.env, "aws_autoscaling_group_tag")
        if f"aws_eks_node_group.{group.id}." in each["autoscaling_group_name"].text()
    }
    for label, value in group["labels"].entries():
        tag = tags.get(f"{prefix}/label/{label}")
        same = tag is not None and tag.value == value.value
        yield require(
            value, same, "the autoscaler's tag has another value or is missing", other=tag
        )
    for taint in group["taint"].blocks():
        tag = tags.get(f"{prefix}/taint/{taint['key'].text()}")
        wanted = f"{taint['value'].text()}:{_EFFECTS.get(taint['effect'].text())}"
        same = tag is not None and tag.value == wanted
        yield require(
            taint["value"], same, "the autoscaler's tag has another value or is missing", other=tag
        )


@check(
    title="Each selector finds its pods, and each port is one that they open",
    rests_on="selectors of Deployments, Services, budgets, policies and spreads; ports of probes, Services, Ingresses and monitors",
)
def selectors(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    owners = list(pods(env))
    for owner in pods(env, "Deployment"):
        selector = owner.owner.at("spec", "selector")
        yield require(
            selector,
            selects(selector, owner.labels),
            "the Deployment does not select its own pods",
            other=owner.template.at("metadata", "labels"),
        )
        for spread in owner.spec["topologySpreadConstraints"].items():
            node = spread["labelSelector"]
            yield require(node, selects(node, owner.labels), "the spread counts other pods")
    for owner in owners:
        for container in owner.containers():
            for name in _PROBES:
                port = container.at(name, "httpGet", "port")
                own = [p for p in container["ports"].items() if _is(p, port)]
                if port.present:
                    yield require(
                        port,
                        bool(own),
                        "the container opens no such port",
                        other=own[0]["containerPort"] if own else container["ports"],
                    )
    for service in objects(env, "Service"):
        selector = service.at("spec", "selector")
        found = [
            owner
            for owner in owners
            if owner.namespace == namespace_of(service)
            and selector.labels().items() <= owner.labels.items()
        ]
        other = found[0].template.at("metadata", "labels") if found else None
        yield require(selector, bool(found), "the Service selects no pods", other=other)
        for port in service.at("spec", "ports").items():
            opened = [p for owner in found for p in _ports(owner) if _is(p, port["targetPort"])]
            yield require(
                port["targetPort"],
                bool(opened) or not found,
                "the pods open no such port",
                other=opened[0]["name"] if opened else None,
            )
    for ingress in objects(env, "Ingress"):
        for rule in ingress.at("spec", "rules").items():
            for path in rule.at("http", "paths").items():
                yield from _backend(subject, ingress, path.at("backend", "service"))
    for policy in objects(env, "NetworkPolicy"):
        yield from _policy(policy, owners)
    for budget in objects(env, "PodDisruptionBudget"):
        yield from _budget(budget, owners)
    for monitor in objects(env, "PodMonitor"):
        yield from _monitor(monitor, owners)


def _ports(owner: Pods) -> Iterator[Node]:
    for container in owner.containers():
        yield from container["ports"].items()


def _is(port: Node, wanted: Node) -> bool:
    return wanted.value in (port["name"].value, port["containerPort"].value)


def _backend(subject: Subject, ingress: Node, backend: Node) -> Iterator[Finding]:
    name = backend["name"]
    service = called(subject.env, "Service", name.text(), namespace=namespace_of(ingress))
    if service is None:
        yield Finding(name, "the namespace has no such Service")
        return
    port = backend["port"]
    found = [
        each
        for each in service.at("spec", "ports").items()
        if each["name"].value == port["name"].value or each["port"].value == port["number"].value
    ]
    yield require(
        port["name"] if port["name"].present else port["number"],
        bool(found),
        "the Service has no such port",
        other=found[0]["name"] if found else service.at("spec", "ports"),
    )


def _policy(policy: Node, owners: list[Pods]) -> Iterator[Finding]:
    """A policy of the platform's own namespace selects pods of it, and opens ports that they have."""
    inside = [owner for owner in owners if owner.namespace == namespace_of(policy)]
    selector = policy.at("spec", "podSelector")
    if not inside or not selector.value:
        return
    mine = [owner for owner in inside if selects(selector, owner.labels)]
    other = mine[0].template.at("metadata", "labels") if mine else None
    yield require(selector, bool(mine), "the policy selects no pods", other=other)
    opened = {port["containerPort"].key: port for owner in mine for port in _ports(owner)}
    names = {port["name"].key: port for port in opened.values()}
    for rule in policy.at("spec", "ingress").items():
        for port in rule["ports"].items():
            node = port["port"]
            known = (opened | names).get(node.key)
            yield require(
                node,
                known is not None or not mine,
                "the pods open no such port",
                other=known["containerPort"] if known is not None else None,
            )


def _budget(budget: Node, owners: list[Pods]) -> Iterator[Finding]:
    inside = [owner for owner in owners if owner.namespace == namespace_of(budget)]
    selector = budget.at("spec", "selector")
    if inside:
        found = any(selects(selector, owner.labels) for owner in inside)
        yield require(selector, found, "the budget selects no pods")


def _monitor(monitor: Node, owners: list[Pods]) -> Iterator[Finding]:
    namespaces = monitor.at("spec", "namespaceSelector", "matchNames").texts()
    selector = monitor.at("spec", "selector")
    mine = [o for o in owners if o.namespace in namespaces and selects(selector, o.labels)]
    yield require(selector, bool(mine), "the monitor selects no pods")
    for endpoint in monitor.at("spec", "podMetricsEndpoints").items():
        for owner in mine:
            opened = [port for port in _ports(owner) if _is(port, endpoint["port"])]
            yield require(
                endpoint["port"],
                bool(opened),
                f"{owner.name} opens no such port",
                other=opened[0]["name"] if opened else owner.template["metadata"],
            )
