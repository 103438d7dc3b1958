"""How long EKS supports each environment's Kubernetes minor.

Only this check depends on the date. A render does not: the same values give the same bytes. Whether
versions fit together is a rule (`environments/rules/versions.py`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from environments.catalog import EKS_VERSIONS
from environments.spec import Environment

# A quarter: dev is upgraded first and observed before production follows. AWS announces the end of
# support only 60 days before (EKS user guide, "Kubernetes versions", FAQs).
WARNING_DAYS = 90


class Severity(StrEnum):
    """Whether a finding stops a change."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """The support of an environment's Kubernetes minor has ended, or ends soon."""

    environment: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        return f"{self.environment}: {self.message}; see docs/upgrades.md"


def findings(environments: Sequence[Environment], *, today: date) -> Iterator[Finding]:
    """At most one for each environment; a minor that is not in the catalog breaks a rule instead."""
    for env in environments:
        minor = env.cluster.kubernetes_version
        if (version := EKS_VERSIONS.get(minor)) is None:
            continue
        until = version.standard_support_until
        days = (until - today).days
        if days <= 0:
            yield Finding(
                env.name,
                Severity.ERROR,
                f"standard support of Kubernetes {minor} ended on {until}, and EKS upgrades the control "
                "plane by itself, at any time; upgrade before it does",
            )
        elif days <= WARNING_DAYS:
            yield Finding(
                env.name,
                Severity.WARNING,
                f"standard support of Kubernetes {minor} ends in {days} days, on {until}; plan the "
                "upgrade",
            )
