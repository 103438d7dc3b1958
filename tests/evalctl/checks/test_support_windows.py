"""Each environment's versions fit together, and are supported on the day that the tests run."""

import re
import warnings
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from environments import catalog
from environments.catalog import EKS_VERSIONS, EksVersion
from environments.dev import DEV
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from evalctl.checks import support_windows
from evalctl.checks.support_windows import WARNING_DAYS, Finding, Severity
from tests.environments.test_rules import changed

MINOR = DEV.cluster.kubernetes_version
END = EKS_VERSIONS[MINOR].standard_support_until
EARLY = END - timedelta(days=WARNING_DAYS + 1)


def messages(*environments: Environment, today: date = EARLY) -> list[str]:
    return [str(finding) for finding in support_windows.findings(environments, today=today)]


def test_the_environments_versions_fit_and_are_supported_today() -> None:
    found = support_windows.findings(ENVIRONMENTS, today=datetime.now(UTC).date())
    for finding in found:
        if finding.severity is Severity.WARNING:
            warnings.warn(str(finding), stacklevel=1)
    assert not [str(finding) for finding in found if finding.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("days_left", "severity"),
    [
        (WARNING_DAYS + 1, None),
        (WARNING_DAYS, Severity.WARNING),
        (1, Severity.WARNING),
        (0, Severity.ERROR),  # the calendar's date is the first day that costs extra
        (-300, Severity.ERROR),
    ],
)
def test_the_end_of_support_is_a_warning_for_ninety_days_and_then_an_error(
    days_left: int, severity: Severity | None
) -> None:
    found = support_windows.findings([DEV], today=END - timedelta(days=days_left))
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])
    assert all(str(END) in finding.message for finding in found)


def test_errors_come_before_warnings_of_the_same_environment() -> None:
    found = support_windows.findings(
        [changed(DEV, {"addon_set": "none"})], today=END - timedelta(days=1)
    )
    assert [finding.severity for finding in found] == [Severity.ERROR, Severity.WARNING]
    assert found[0] == Finding("dev", Severity.ERROR, found[0].message)


@pytest.mark.parametrize("field", ["cluster_autoscaler", "kube_proxy"])
def test_components_with_the_clusters_minor_must_match_it(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = changed(EKS_VERSIONS[MINOR], {field: "v1.2.3"})
    monkeypatch.setitem(EKS_VERSIONS, MINOR, version)
    [message] = messages(DEV)
    assert f"v1.2.3 is not for Kubernetes {MINOR}" in message


def test_charts_that_do_not_support_the_minor_are_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    older = replace(catalog.ADDON_SETS[DEV.addon_set], kubernetes_versions=("1.30",))
    monkeypatch.setitem(catalog.ADDON_SETS, DEV.addon_set, older)
    [message] = messages(DEV)
    assert f"addon_set {DEV.addon_set!r} do not support Kubernetes {MINOR}" in message


def test_an_argo_cd_that_is_not_tested_on_the_minor_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    older = replace(catalog.ARGOCD, kubernetes_versions=("1.30",))
    monkeypatch.setattr(support_windows, "ARGOCD", older)
    [message] = messages(DEV)
    assert f"is not tested on Kubernetes {MINOR}, only on 1.30" in message


def test_a_minor_that_is_not_in_the_catalog_is_an_error() -> None:
    [message] = messages(changed(DEV, {"cluster.kubernetes_version": "1.29"}))
    assert "Kubernetes 1.29 is not in environments/catalog.py" in message


def test_development_is_upgraded_before_production() -> None:
    def is_error(dev: str, prod: str) -> bool:
        found = messages(
            changed(DEV, {"cluster.kubernetes_version": dev}),
            changed(PROD, {"cluster.kubernetes_version": prod, "promotes_from": "dev"}),
        )
        return any("upgrade dev first" in message for message in found)

    older, newer = list(EKS_VERSIONS)[:2]
    assert is_error(older, newer)
    assert not is_error(newer, older)
    assert not is_error(newer, newer)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def test_an_upgrade_is_one_minor_at_a_time_and_downgrades_no_component() -> None:
    assert [numbers(minor) for minor in EKS_VERSIONS] == sorted(map(numbers, EKS_VERSIONS))
    for (older, before), (newer, after) in pairwise(EKS_VERSIONS.items()):
        assert numbers(newer) == (numbers(older)[0], numbers(older)[1] + 1)
        for piece in _pieces(before):
            assert numbers(getattr(after, piece)) >= numbers(getattr(before, piece)), (newer, piece)


def _pieces(version: EksVersion) -> list[str]:
    return [name for name, value in vars(version).items() if isinstance(value, str)]


def test_support_lasts_as_long_as_aws_documents() -> None:
    """14 months of standard and 12 of extended support (EKS user guide, "Kubernetes versions")."""
    for minor, version in EKS_VERSIONS.items():
        assert _months(version.released, version.standard_support_until) == 14, minor
        assert _months(version.standard_support_until, version.extended_support_until) == 12, minor


def _months(start: date, end: date) -> int:
    return 12 * (end.year - start.year) + end.month - start.month


def test_kubectl_may_be_one_minor_off_either_way() -> None:
    assert catalog.kubectl_minors("1.35") == ("1.34", "1.36")
