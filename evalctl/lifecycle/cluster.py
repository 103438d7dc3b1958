"""What the cluster has and what it lacks; nothing here changes it."""

from collections.abc import Iterator
from dataclasses import dataclass

from environments.names import (
    ARGOCD_NAMESPACE,
    GENERAL_POOL,
    NODE_POOL_LABEL,
    PLATFORM,
    Names,
    Stack,
)
from evalctl.lifecycle.applications import APPLICATIONS, IN_ARGOCD
from evalctl.lifecycle.identity import Kubectl
from evalctl.processes import CommandFailedError, Json, json_output, output

# EKS add-ons of the cluster stack, each a DaemonSet, without which pods do not work.
_DAEMON_SETS = {
    "aws-node": "pods get no network",
    "eks-pod-identity-agent": "controllers get no AWS permissions",
}


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A Deployment or StatefulSet of Argo CD."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}"


def problems(names: Names, kubectl: Kubectl) -> Iterator[str]:
    """Everything that is missing or in the way, each with what to do about it."""
    for check in (_permission, _nodes, _daemon_sets, _other_argocd):
        try:
            yield from check(names, kubectl)
        except CommandFailedError as error:
            yield str(error)


def already_running(names: Names, kubectl: Kubectl, workloads: tuple[Workload, ...]) -> bool:
    """Whether Argo CD runs and has its root Application, which is the last step of a bootstrap.

    Raises:
        CommandFailedError: the cluster does not answer.
    """
    if not _exists(kubectl, "customresourcedefinition", APPLICATIONS):
        return False
    if not _exists(kubectl, APPLICATIONS, names.argocd_root, *IN_ARGOCD):
        return False
    found = json_output(
        kubectl.read("get", "deployments,statefulsets", *IN_ARGOCD, "--output=json")
    )
    return set(workloads) <= {
        Workload(kind=str(item["kind"]), name=str(_part(item, "metadata")["name"]))
        for item in _items(found)
        if _part(item, "status").get("readyReplicas", 0) == _part(item, "spec").get("replicas", 1)
    }


def applications(kubectl: Kubectl) -> frozenset[str]:
    """The names of Argo CD's Applications; none if there is no Argo CD.

    Raises:
        CommandFailedError: the cluster does not answer.
    """
    if not _exists(kubectl, "customresourcedefinition", APPLICATIONS):
        return frozenset()
    found = json_output(kubectl.read("get", APPLICATIONS, *IN_ARGOCD, "--output=json"))
    return frozenset(str(_part(item, "metadata")["name"]) for item in _items(found))


def _permission(names: Names, kubectl: Kubectl) -> Iterator[str]:
    """Argo CD's role may do everything, and RBAC lets a user grant only permissions that the user has."""
    command = kubectl.read("auth", "can-i", "*", "*", "--all-namespaces")
    try:
        allowed = output(command).strip() == "yes"
    except CommandFailedError as error:
        if error.reason != "no":
            raise
        allowed = False
    if not allowed:
        roles = " or ".join(names.env.cluster.admin_role_names)
        yield (
            f"Your role may not do everything in {names.cluster}, which Argo CD's installation needs: "
            f"sign in as {roles} (cluster.admin_role_names in environments/{names.env.name}.py)"
        )


def _nodes(names: Names, kubectl: Kubectl) -> Iterator[str]:
    pool = f"{NODE_POOL_LABEL}={GENERAL_POOL}"
    found = json_output(kubectl.read("get", "nodes", f"--selector={pool}", "--output=json"))
    if not any(_is_ready(node) for node in _items(found)):
        yield (
            f"No node of the pool {GENERAL_POOL} is ready ({len(_items(found))} with the label {pool}), "
            f"so Argo CD could not run: apply the {Stack.CLUSTER} stack, or find the cause with `kubectl "
            "describe nodes`"
        )


def _daemon_sets(names: Names, kubectl: Kubectl) -> Iterator[str]:
    for name, without in _DAEMON_SETS.items():
        if not _exists(kubectl, "daemonset", name, "--namespace", "kube-system"):
            yield f"The EKS add-on {name} is missing, and {without}: apply the {Stack.CLUSTER} stack"


def _other_argocd(names: Names, kubectl: Kubectl) -> Iterator[str]:
    """A second Argo CD would change the same custom resource definitions, and perhaps the same objects."""
    namespace = json_output(
        kubectl.read("get", "namespace", ARGOCD_NAMESPACE, "--ignore-not-found", "--output=json")
    )
    if namespace:
        labels = _part(namespace, "metadata").get("labels")
        owner = labels.get("app.kubernetes.io/part-of") if isinstance(labels, dict) else None
        if owner != PLATFORM:
            yield (
                f"The namespace {ARGOCD_NAMESPACE} exists, but not from this platform (its label "
                f"app.kubernetes.io/part-of is {owner}): remove it, with all objects in it"
            )
    elif _exists(kubectl, "customresourcedefinition", APPLICATIONS):
        yield (
            f"The custom resource definition {APPLICATIONS} exists without the namespace {ARGOCD_NAMESPACE}: "
            "another Argo CD runs in this cluster, or left it behind. Remove it"
        )


def _exists(kubectl: Kubectl, kind: str, name: str, *where: str) -> bool:
    command = kubectl.read("get", kind, name, *where, "--ignore-not-found", "--output=name")
    return output(command).strip() != ""


def _is_ready(node: Json) -> bool:
    conditions = _part(node, "status").get("conditions")
    return isinstance(conditions, list) and any(
        condition.get("type") == "Ready" and condition.get("status") == "True"
        for condition in conditions
    )


def _items(found: Json) -> list[Json]:
    items = found.get("items")
    return items if isinstance(items, list) else []


def _part(thing: Json, name: str) -> Json:
    part = thing.get(name)
    return part if isinstance(part, dict) else {}
