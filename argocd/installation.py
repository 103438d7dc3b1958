"""How Argo CD is installed: upstream's manifests, and the platform's changes to them.

It uses Kustomize and not Helm, because every kubectl contains Kustomize: it builds the same objects in
the tests, at bootstrap and in Argo CD. The manifests are upstream's `install.yaml` of one commit. A git
clone instead would be 100 times the bytes, and Kustomize stops one after 27 seconds.
"""

import hashlib
import json

from argocd import installation_network
from argocd.settings import CONFIG, PARAMETERS
from bindings.yaml_text import to_yaml
from environments.catalog import ARGOCD
from environments.names import ARGOCD_NAMESPACE, GENERAL_POOL, NODE_POOL_LABEL, Names
from environments.spec import Compute, Environment

Document = dict[str, object]

# Deleted from upstream's manifests. Nobody signs in through another service yet, so Dex would be one
# more open port; Alertmanager sends the notifications (B13).
_NOT_INSTALLED = ("dex-server", "notifications-controller")
# Every Application is rendered, so that a pull request shows it; only previews need an
# ApplicationSet.
_FOR_PREVIEWS = "applicationset-controller"

# Argo CD and its objects stay if these are removed from Git or its own Application is deleted: with a
# CRD, Kubernetes deletes every Application in the cluster.
_KEPT = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}

# Requests: about twice what Argo CD 3.5 uses when idle (115 MiB the controller, 25 MiB each of the
# others, as its users report), because the general pool is small. Limits: room for a sync of everything,
# when the controller caches the whole cluster and the repo server renders charts.
_CONTROLLER = Compute.of(cpu="150m", cpu_limit="1000m", memory="384Mi", memory_limit="1024Mi")
_REPO_SERVER = Compute.of(cpu="50m", cpu_limit="1000m", memory="128Mi", memory_limit="512Mi")
_SERVER = Compute.of(cpu="25m", cpu_limit="500m", memory="96Mi", memory_limit="256Mi")
_APPLICATION_SETS = Compute.of(cpu="25m", cpu_limit="250m", memory="64Mi", memory_limit="256Mi")
_REDIS = Compute.of(cpu="25m", cpu_limit="250m", memory="64Mi", memory_limit="256Mi")
_INIT = Compute.of(cpu="10m", cpu_limit="500m", memory="64Mi", memory_limit="128Mi")


def build(env: Environment) -> dict[str, Document]:
    """The files of the installation's folder by name."""
    replicas = env.controller_replicas
    own = {
        "Namespace-argocd.yaml": _namespace(Names(env)),
        "LimitRange-defaults.yaml": _limit_range(),
        "PodDisruptionBudget-argocd-repo-server.yaml": _disruption_budget("argocd-repo-server"),
        "PodDisruptionBudget-argocd-server.yaml": _disruption_budget("argocd-server"),
        **{
            f"NetworkPolicy-{_name(policy)}.yaml": policy
            for policy in installation_network.policies(env)
        },
    }
    patches = {
        "patch-argocd-cm.yaml": _settings("argocd-cm", CONFIG),
        "patch-argocd-cmd-params-cm.yaml": _settings("argocd-cmd-params-cm", PARAMETERS),
        "patch-argocd-application-controller.yaml": _workload(
            "StatefulSet",
            "argocd-application-controller",
            replicas=1,  # replicas divide clusters among themselves, and there is one
            containers={"argocd-application-controller": _CONTROLLER},
        ),
        "patch-argocd-repo-server.yaml": _workload(
            "Deployment",
            "argocd-repo-server",
            replicas=replicas,
            containers={"argocd-repo-server": _REPO_SERVER},
            init_containers={"copyutil": _INIT},
        ),
        "patch-argocd-server.yaml": _workload(
            "Deployment",
            "argocd-server",
            replicas=replicas,
            containers={"argocd-server": _SERVER},
        ),
        "patch-argocd-redis.yaml": _workload(
            "Deployment",
            "argocd-redis",
            replicas=1,  # a cache, which Argo CD fills again
            containers={"redis": _REDIS},
            init_containers={"secret-init": _INIT},
        ),
    }
    not_installed = [*_NOT_INSTALLED]
    if env.previews is None:
        not_installed.insert(0, _FOR_PREVIEWS)
    else:
        patches[f"patch-argocd-{_FOR_PREVIEWS}.yaml"] = _workload(
            "Deployment",
            f"argocd-{_FOR_PREVIEWS}",
            replicas=1,  # while it is down, previews start and end later
            containers={f"argocd-{_FOR_PREVIEWS}": _APPLICATION_SETS},
        )
    kustomization = _kustomization(tuple(own), tuple(patches), not_installed=not_installed)
    return {"kustomization.yaml": kustomization, **own, **patches}


def _kustomization(
    resources: tuple[str, ...], patches: tuple[str, ...], *, not_installed: list[str]
) -> Document:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": ARGOCD_NAMESPACE,
        "resources": [*resources, ARGOCD.manifest_url],
        "images": [
            # Manifests name their images by tag, and a tag can be moved.
            {
                "name": "quay.io/argoproj/argocd",
                "newTag": ARGOCD.version,
                "digest": ARGOCD.image_digest,
            },
            {"name": "public.ecr.aws/docker/library/redis", "digest": ARGOCD.redis_digest},
        ],
        "patches": [
            _for_all(
                {"labelSelector": f"app.kubernetes.io/component in ({', '.join(not_installed)})"},
                {"$patch": "delete"},
            ),
            # Policies add up, and some of upstream's admit everyone: `installation_network.py` has ours.
            _for_all(
                {"kind": "NetworkPolicy", "labelSelector": "app.kubernetes.io/part-of=argocd"},
                {"$patch": "delete"},
            ),
            _for_all({"kind": "CustomResourceDefinition"}, {"metadata": {"annotations": _KEPT}}),
            _for_all({"kind": "(Deployment|StatefulSet)"}, {"spec": {"template": _pods()}}),
            *({"path": path} for path in patches),
        ],
    }


def _name(manifest: Document) -> str:
    metadata = manifest["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["name"])


def _for_all(target: dict[str, str], change: Document) -> Document:
    """A patch of every object that the target selects; Kustomize ignores the kind and name in it."""
    metadata = change.get("metadata", {})
    assert isinstance(metadata, dict)
    body = {"apiVersion": "v1", "kind": "any", **change, "metadata": {"name": "any", **metadata}}
    return {"target": target, "patch": to_yaml(body)}


def _pods() -> Document:
    settings = hashlib.sha256(json.dumps(PARAMETERS, sort_keys=True).encode()).hexdigest()
    return {
        # Programs read their parameters when they start, so any change must restart them.
        "metadata": {"annotations": {"eval-platform.io/parameters": settings[:16]}},
        "spec": {"nodeSelector": {NODE_POOL_LABEL: GENERAL_POOL}},
    }


def _namespace(names: Names) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": ARGOCD_NAMESPACE,
            "labels": names.labels("argocd")
            # Every pod of Argo CD meets the strictest level.
            | {
                f"pod-security.kubernetes.io/{mode}": "restricted"
                for mode in ("enforce", "audit", "warn")
            },
            "annotations": _KEPT,
        },
    }


def _limit_range() -> Document:
    """Requests and limits for containers that a later version adds (B10)."""
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": {"name": "defaults"},
        "spec": {
            "limits": [
                {
                    "type": "Container",
                    "defaultRequest": {"cpu": "10m", "memory": "64Mi"},
                    "default": {"cpu": "250m", "memory": "128Mi"},
                }
            ]
        },
    }


def _disruption_budget(name: str) -> Document:
    """Of two replicas one keeps running while nodes are drained; a single one may be evicted."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
        },
    }


def _settings(name: str, data: dict[str, str]) -> Document:
    """Adds settings to a ConfigMap and keeps upstream's."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def _workload(
    kind: str,
    name: str,
    *,
    replicas: int,
    containers: dict[str, Compute],
    init_containers: dict[str, Compute] | None = None,
) -> Document:
    pod: Document = {"containers": _containers(containers)}
    if init_containers:
        pod["initContainers"] = _containers(init_containers)
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {"replicas": replicas, "template": {"spec": pod}},
    }


def _containers(containers: dict[str, Compute]) -> list[Document]:
    return [
        {"name": name, "resources": compute.as_manifest()} for name, compute in containers.items()
    ]
