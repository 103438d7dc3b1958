"""Whether the Kubernetes minor, the add-ons and Argo CD fit together. No rule here depends on the date."""

from collections.abc import Iterator

from environments import catalog
from environments.spec import Environment

_ADD_A_SET = "add a set that does to environments/catalog.py, and move to it before the upgrade"
_HOW_TO = "in environments/catalog.py (docs/upgrades.md)"


def problems(env: Environment) -> Iterator[str]:
    minor = env.cluster.kubernetes_version
    yield from _addon_set(env.addon_set, minor)
    version = catalog.EKS_VERSIONS.get(minor)
    if version is None:
        yield (
            f"cluster.kubernetes_version: EKS does not support {minor!r}; use one of "
            f"{', '.join(catalog.EKS_VERSIONS)} (environments/catalog.py)"
        )
        return
    for program, tag in (
        ("cluster-autoscaler", version.cluster_autoscaler),
        ("kube-proxy", version.kube_proxy),
        ("node_release", version.node_release),
    ):
        if not tag.removeprefix("v").startswith(f"{minor}."):
            yield (
                f"cluster.kubernetes_version: {program} {tag} is not of Kubernetes {minor}; use one of "
                f"that minor, {_HOW_TO}"
            )
    if minor not in catalog.ARGOCD.kubernetes_versions:
        yield (
            f"cluster.kubernetes_version: Argo CD {catalog.ARGOCD.version} is not tested on Kubernetes "
            f"{minor}, only on {', '.join(catalog.ARGOCD.kubernetes_versions)}; use a release that is, "
            f"{_HOW_TO}"
        )


def _addon_set(name: str, minor: str) -> Iterator[str]:
    chosen = catalog.ADDON_SETS.get(name)
    if chosen is None:
        yield (
            f"addon_set: {name!r} is unknown; use one of {', '.join(catalog.ADDON_SETS)}, or add it to "
            "environments/catalog.py"
        )
    elif minor not in chosen.kubernetes_versions:
        fitting = [n for n, s in catalog.ADDON_SETS.items() if minor in s.kubernetes_versions]
        yield (
            f"addon_set: {name!r} runs on Kubernetes {', '.join(chosen.kubernetes_versions)}, not on "
            f"{minor}; " + (f"use {' or '.join(fitting)}" if fitting else _ADD_A_SET)
        )
