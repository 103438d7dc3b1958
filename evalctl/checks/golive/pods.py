"""Checks of the pods: what they may use, how they are watched, evicted and restricted."""

from collections.abc import Iterator

from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import (
    chart_values,
    name_of,
    namespace_of,
    objects,
    patches,
    pods,
    quantity,
    selects,
)
from evalctl.parsed.node import Node
from evalctl.parsed.terraform import resources

_SIZES = ("cpu", "memory")
# Fields of charts in which `resources` are not those of a container.
_OTHERS = ("volumeClaimTemplate", "rules")


@check(
    title="Each container has requests and limits of CPU and memory",
    rests_on="containers of Deployments and Jobs; `resources` in the charts' values, Argo CD's patches and EKS' add-ons",
    brief="B10",
)
def requests_and_limits(subject: Subject) -> Iterator[Finding]:
    for owner in pods(subject.env):
        for container in owner.containers():
            yield from _sized(container["resources"])
    for patch in patches(subject.env):
        template = patch.at("spec", "template", "spec")
        for container in [*template["initContainers"].items(), *template["containers"].items()]:
            yield from _sized(container["resources"])
    for application, values in chart_values(subject.env):
        if application.at("spec", "source", "chart").value == "prometheus-operator-crds":
            continue  # it has no pods
        found = [
            node
            for node in values.walk()
            if node.path[-1] == "resources" and not any(each in node.path for each in _OTHERS)
        ]
        yield require(values, bool(found), "the chart's pods have no resources here; add them")
        for node in found:
            yield from _sized(node)
    for addon in resources(subject.env, "aws_eks_addon"):
        if addon["configuration_values"].present:
            for node in addon["configuration_values"].document().walk():
                if node.path[-1:] == ("resources",):
                    yield from _sized(node)


def _sized(resources: Node) -> Iterator[Finding]:
    for kind in ("requests", "limits"):
        for size in _SIZES:
            node = resources.at(kind, size)
            yield require(
                node, node.present and quantity(node) > 0, f"the container has no {kind} of {size}"
            )


@check(
    title="Namespaces have quotas, and limits for pods that set none",
    rests_on="ResourceQuota and LimitRange of each namespace with pods of the platform",
    brief="B10",
)
def quotas(subject: Subject) -> Iterator[Finding]:
    namespaces = {
        owner.namespace: owner.owner["metadata"]["namespace"] for owner in pods(subject.env)
    }
    for namespace, place in sorted(namespaces.items()):
        found = {
            kind: [each for each in objects(subject.env, kind) if namespace_of(each) == namespace]
            for kind in ("ResourceQuota", "LimitRange")
        }
        for kind, there in found.items():
            yield require(place, bool(there), f"this namespace has no {kind}")
        for quota in found["ResourceQuota"]:
            for key in ("requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "pods"):
                limit = quota.at("spec", "hard", key)
                yield require(limit, limit.present, f"the quota does not limit {key}")
    for range_ in objects(subject.env, "LimitRange"):
        for limit in range_.at("spec", "limits").items():
            for field in ("default", "defaultRequest"):
                for size in _SIZES:
                    node = limit[field][size]
                    yield require(node, node.present, f"there is no {field} of {size}")


@check(
    title="Each Deployment is probed: is it alive, is it ready",
    rests_on="livenessProbe and readinessProbe of the Deployments' containers",
)
def probes(subject: Subject) -> Iterator[Finding]:
    for owner in pods(subject.env, "Deployment"):
        for container in owner.spec["containers"].items():
            for name in ("livenessProbe", "readinessProbe"):
                probe = container[name]
                yield require(probe, probe.present, f"the container has no {name}")
            paths = [
                container.at(p, "httpGet", "path") for p in ("livenessProbe", "readinessProbe")
            ]
            yield require(
                paths[0],
                paths[0].value != paths[1].value or not paths[0].present,
                "liveness must not depend on what readiness depends on, or an outage restarts all pods",
                other=paths[1],
            )


@check(
    title="Evictions leave pods running, and are possible",
    rests_on="PodDisruptionBudgets that select the Deployments; those of the charts with replicas",
)
def disruption_budgets(subject: Subject) -> Iterator[Finding]:
    budgets = list(objects(subject.env, "PodDisruptionBudget"))
    for owner in pods(subject.env, "Deployment"):
        mine = [
            budget
            for budget in budgets
            if namespace_of(budget) == owner.namespace
            and selects(budget.at("spec", "selector"), owner.labels)
        ]
        yield require(
            mine[0] if mine else owner.owner.at("spec", "selector"),
            len(mine) == 1,
            f"{len(mine)} budgets select these pods; exactly one must",
        )
    for budget in budgets:
        spec = budget["spec"]
        field = spec["maxUnavailable"] if spec["maxUnavailable"].present else spec["minAvailable"]
        yield require(
            field,
            field.present and str(field.value) not in ("0", "0%", "100%"),
            "the budget forbids each eviction, or all pods may go at once; allow some",
        )
    for _, values in chart_values(subject.env):
        for node in values.walk():
            if node.path[-1] in ("replicas", "replicaCount") and node.number_or(1) > 1:
                around = _around(values, node)
                budget = around["podDisruptionBudget"]
                if not budget.present and len(node.path) > 1:
                    budget = _around(values, around)["podDisruptionBudget"]
                limits = budget["minAvailable"].present or budget["maxUnavailable"].present
                yield require(node, limits, "replicas without a podDisruptionBudget", other=budget)


def _around(values: Node, node: Node) -> Node:
    depth = len(values.path)
    return values.at(*node.path[depth:-1])


@check(
    title="Containers run without rights: no root, no writable root file system, no token",
    rests_on="securityContext of pods and containers; automountServiceAccountToken",
)
def restricted_pods(subject: Subject) -> Iterator[Finding]:
    for owner in pods(subject.env):
        token = owner.spec["automountServiceAccountToken"]
        yield require(token, token.value is False, "the pod gets a token of the Kubernetes API")
        profile = owner.spec.at("securityContext", "seccompProfile", "type")
        yield require(profile, profile.value == "RuntimeDefault", "use RuntimeDefault")
        for container in owner.containers():
            context = container["securityContext"]
            for field, wanted in (
                ("allowPrivilegeEscalation", False),
                ("readOnlyRootFilesystem", True),
                ("runAsNonRoot", True),
            ):
                yield require(
                    context[field], context[field].value is wanted, f"this must be {wanted}"
                )
            dropped = context.at("capabilities", "drop")
            yield require(dropped, "ALL" in dropped.texts(), "drop ALL capabilities")


@check(
    title="Images are named by digest",
    rests_on="images of Deployments and Jobs, and those of Argo CD",
)
def digests(subject: Subject) -> Iterator[Finding]:
    for owner in pods(subject.env):
        for container in owner.containers():
            image = container["image"]
            yield require(
                image, "@sha256:" in image.text(), "a tag can move to another image; use a digest"
            )
    for image in subject.env.file("argocd-install/kustomization.yaml")["images"].items():
        digest = image["digest"]
        yield require(digest, digest.text_or("").startswith("sha256:"), "this image has no digest")


@check(
    title="No Kubernetes Secret, and no key of a provider, is in a manifest",
    rests_on="kinds of all manifests; variables of pods whose names end like a secret's",
)
def secrets_in_manifests(subject: Subject) -> Iterator[Finding]:
    for secret in objects(subject.env, "Secret"):
        yield Finding(secret["kind"], f"{name_of(secret)}: use an ExternalSecret")
    for owner in pods(subject.env):
        for container in owner.containers():
            for variable in container["env"].items():
                if variable["name"].text().endswith(("_KEY", "_PASSWORD", "_SECRET", "_TOKEN")):
                    source = variable.at("valueFrom", "secretKeyRef", "name")
                    yield require(
                        variable["value"] if variable["value"].present else source,
                        source.present,
                        f"{variable['name'].text()} must come from a Secret",
                    )
