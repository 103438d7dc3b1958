"""Warns before EKS ends the support of an environment's Kubernetes minor; the checklist fails when it has ended.

Only these checks depend on the date. A render does not: the same values give the same bytes. Whether
versions fit together is a rule (`environments/rules/versions.py`).
"""

from collections.abc import Iterator, Sequence
from datetime import date

from environments.catalog import EKS_VERSIONS
from environments.spec import Environment

# A quarter: dev is upgraded first and observed before production follows. AWS announces the end of
# support only 60 days before (EKS user guide, "Kubernetes versions", FAQs).
WARNING_DAYS = 90


def warnings(environments: Sequence[Environment], *, today: date) -> Iterator[str]:
    """At most one for each environment; a minor that is not in the catalog breaks a rule instead."""
    for env in environments:
        minor = env.cluster.kubernetes_version
        version = EKS_VERSIONS.get(minor)
        if version is None:
            continue
        days = (version.standard_support_until - today).days
        if 0 < days <= WARNING_DAYS:
            yield (
                f"{env.name}: standard support of Kubernetes {minor} ends in {days} days, on "
                f"{version.standard_support_until}; plan the upgrade; see docs/upgrades.md"
            )
