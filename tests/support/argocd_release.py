"""A stand-in for the manifests of an Argo CD release, which tests cannot download.

It has only the names, labels, containers and images of 3.5's `install.yaml`, read on 2026-11-21. With it
the real Kustomize proves what the platform changes in a release.
"""

from pathlib import Path

import yaml

from environments.catalog import ARGOCD
from tests.support.manifests import Manifest

_ARGOCD = f"quay.io/argoproj/argocd:{ARGOCD.version}"
_REDIS = "public.ecr.aws/docker/library/redis:8.2.3-alpine"
_DEX = "ghcr.io/dexidp/dex:v2.45.1"

# Component → its containers and init containers, by image.
_COMPONENTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "application-controller": ({"argocd-application-controller": _ARGOCD}, {}),
    "applicationset-controller": ({"argocd-applicationset-controller": _ARGOCD}, {}),
    "dex-server": ({"dex": _DEX}, {"copyutil": _ARGOCD}),
    "notifications-controller": ({"argocd-notifications-controller": _ARGOCD}, {}),
    "redis": ({"redis": _REDIS}, {"secret-init": _ARGOCD}),
    "repo-server": ({"argocd-repo-server": _ARGOCD}, {"copyutil": _ARGOCD}),
    "server": ({"argocd-server": _ARGOCD}, {}),
}
_WITH_CLUSTER_ROLE = ("application-controller", "applicationset-controller", "server")
_WITHOUT_ROLE = ("repo-server",)
_CONFIG_MAPS = ("argocd-cm", "argocd-cmd-params-cm", "argocd-rbac-cm", "argocd-ssh-known-hosts-cm")
_RBAC = "rbac.authorization.k8s.io/v1"


def substitute_in(installation: Path) -> None:
    """Replace the release in a rendered installation by this one."""
    (installation / "release.yaml").write_text(_release())
    kustomization = installation / "kustomization.yaml"
    rendered = kustomization.read_text()
    assert rendered.count(ARGOCD.manifest_url) == 1
    kustomization.write_text(rendered.replace(ARGOCD.manifest_url, "release.yaml"))


def _release() -> str:
    """The release as one file."""
    objects = [
        *(_definition(plural) for plural in ("applications", "applicationsets", "appprojects")),
        *(
            _object("v1", "ConfigMap", name, data={"theirs": "kept"} if name == "argocd-cm" else {})
            for name in _CONFIG_MAPS
        ),
        _object("v1", "ConfigMap", "argocd-notifications-cm", "notifications-controller"),
        _object("v1", "Secret", "argocd-secret", type="Opaque"),
        _object("v1", "Secret", "argocd-notifications-secret", "notifications-controller"),
        *(part for component in _COMPONENTS for part in _component(component)),
    ]
    return yaml.safe_dump_all(objects)


def _component(component: str) -> list[Manifest]:
    name = f"argocd-{component}"
    kind = "StatefulSet" if component == "application-controller" else "Deployment"
    containers, init = _COMPONENTS[component]
    labels = {"app.kubernetes.io/name": name}
    pod = {
        "containers": [_container(*container) for container in containers.items()],
        "initContainers": [_container(*container) for container in init.items()],
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "serviceAccountName": name,
    }
    subjects = [{"kind": "ServiceAccount", "name": name}]
    spec = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    cluster_wide = [
        _object(_RBAC, "ClusterRole", name, component, rules=[]),
        _object(
            _RBAC,
            "ClusterRoleBinding",
            name,
            component,
            roleRef=_role("ClusterRole", name),
            subjects=[{**subjects[0], "namespace": "argocd"}],
        ),
    ]
    roles = [
        _object(_RBAC, "Role", name, component, rules=[]),
        _object(
            _RBAC, "RoleBinding", name, component, roleRef=_role("Role", name), subjects=subjects
        ),
    ]
    return [
        _object("v1", "ServiceAccount", name, component),
        _object("v1", "Service", name, component, spec={"selector": labels}),
        _object("apps/v1", kind, name, component, spec=spec),
        _object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            f"{name}-network-policy",
            component,
            # That of the server admits everyone, and the others every pod to the metrics.
            spec={
                "podSelector": {"matchLabels": labels},
                "policyTypes": ["Ingress"],
                "ingress": [{}],
            },
        ),
        *(cluster_wide if component in _WITH_CLUSTER_ROLE else []),
        *(roles if component not in _WITHOUT_ROLE else []),
    ]


def _definition(plural: str) -> Manifest:
    return _object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        f"{plural}.argoproj.io",
        spec={"group": "argoproj.io", "names": {"plural": plural}},
    )


def _object(
    api_version: str, kind: str, name: str, component: str | None = None, **parts: object
) -> Manifest:
    labels = {"app.kubernetes.io/part-of": "argocd"}
    if component is not None:
        labels |= {
            "app.kubernetes.io/component": component,
            "app.kubernetes.io/name": f"argocd-{component}",
        }
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **parts}


def _container(name: str, image: str) -> dict[str, str]:
    return {"name": name, "image": image, "imagePullPolicy": "Always"}


def _role(kind: str, name: str) -> dict[str, str]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
