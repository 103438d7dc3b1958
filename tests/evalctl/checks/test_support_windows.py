"""EKS supports each environment's Kubernetes minor on the day that the tests run."""

import warnings
from datetime import UTC, datetime, timedelta

import pytest

from environments.catalog import EKS_VERSIONS
from environments.dev import DEV
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from evalctl.checks import support_windows
from evalctl.checks.support_windows import WARNING_DAYS, Severity
from tests.environments.test_rules import changed

MINOR = DEV.cluster.kubernetes_version
END = EKS_VERSIONS[MINOR].standard_support_until


def test_what_runs_today_is_supported() -> None:
    found = list(support_windows.findings(ENVIRONMENTS, today=datetime.now(UTC).date()))
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
def test_the_end_of_support_is_a_warning_for_ninety_days_and_an_error_afterwards(
    days_left: int, severity: Severity | None
) -> None:
    found = list(support_windows.findings([DEV], today=END - timedelta(days=days_left)))
    assert [finding.severity for finding in found] == ([] if severity is None else [severity])
    assert all(str(END) in finding.message for finding in found)


def test_a_minor_that_is_not_in_the_catalog_is_left_to_the_rules() -> None:
    unknown = changed(DEV, {"cluster.kubernetes_version": "1.29"})
    assert list(support_windows.findings([unknown], today=END)) == []


def test_each_environment_is_reported_by_its_name() -> None:
    found = support_windows.findings([DEV, PROD], today=END)
    assert [str(finding).partition(":")[0] for finding in found] == ["dev", "prod"]
