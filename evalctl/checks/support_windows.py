"""Checks that versions fit the environment's Kubernetes minor, and that EKS still supports that minor.

No other check depends on the date. A render does not either: the same values give the same bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from environments.catalog import ADDON_SETS, ARGOCD, EKS_VERSIONS
from environments.spec import Environment

# A quarter: dev is upgraded first and observed before production follows. AWS announces the end of
# support only 60 days before (EKS user guide, "Kubernetes versions", FAQs).
WARNING_DAYS = 90


class Severity(StrEnum):
    """Whether a finding stops a change."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, order=True)
class Finding:
    """A problem with an environment's versions, now or soon."""

    environment: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        return f"{self.environment}: {self.message}; see docs/upgrades.md"


def findings(environments: Sequence[Environment], *, today: date) -> list[Finding]:
    """The findings for each environment on that day, its errors before its warnings."""
    return sorted(
        finding
        for env in environments
        for finding in (
            *_support(env, today),
            *(
                Finding(env.name, Severity.ERROR, message)
                for message in _mismatches(env, environments)
            ),
        )
    )


def _support(env: Environment, today: date) -> Iterator[Finding]:
    minor = env.cluster.kubernetes_version
    if minor not in EKS_VERSIONS:
        return  # `_mismatches` reports it
    until = EKS_VERSIONS[minor].standard_support_until
    days = (until - today).days
    if days <= 0:
        yield Finding(
            env.name,
            Severity.ERROR,
            f"standard support of Kubernetes {minor} ended on {until}, and EKS upgrades the control plane "
            "automatically, at any time; upgrade it before that",
        )
    elif days <= WARNING_DAYS:
        yield Finding(
            env.name,
            Severity.WARNING,
            f"standard support of Kubernetes {minor} ends in {days} days, on {until}; plan the upgrade",
        )


def _mismatches(env: Environment, environments: Sequence[Environment]) -> Iterator[str]:
    minor = env.cluster.kubernetes_version
    version = EKS_VERSIONS.get(minor)
    if version is None:
        yield f"Kubernetes {minor} is not in environments/catalog.py; use one of {', '.join(EKS_VERSIONS)}"
        return
    for component, tag in (
        ("cluster-autoscaler", version.cluster_autoscaler),
        ("kube-proxy", version.kube_proxy),
    ):
        if not tag.startswith(f"v{minor}."):
            yield f"{component} {tag} is not for Kubernetes {minor}; set one that is in environments/catalog.py"
    addons = ADDON_SETS.get(env.addon_set)
    if addons is None or minor not in addons.kubernetes_versions:
        yield (
            f"the charts of addon_set {env.addon_set!r} do not support Kubernetes {minor}; use a set that "
            "does"
        )
    if minor not in ARGOCD.kubernetes_versions:
        yield (
            f"Argo CD {ARGOCD.version} is not tested on Kubernetes {minor}, only on "
            f"{', '.join(ARGOCD.kubernetes_versions)}; use a version that is"
        )
    for source in environments:
        before = source.cluster.kubernetes_version
        if source.name == env.promotes_from and _number(minor) > _number(before):
            yield (
                f"Kubernetes {minor} is newer than {before} in {source.name}, which is upgraded first; "
                f"upgrade {source.name} first"
            )


def _number(minor: str) -> tuple[int, ...]:
    """For comparison: 1.9 comes before 1.10."""
    return tuple(map(int, minor.split(".")))
