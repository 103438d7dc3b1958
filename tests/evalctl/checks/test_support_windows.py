"""EKS supports each environment's Kubernetes minor on the day that the tests run."""

import warnings
from datetime import UTC, datetime, timedelta

import pytest

from environments.catalog import EKS_VERSIONS
from environments.dev import DEV
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from evalctl.checks import support_windows
from evalctl.checks.support_windows import WARNING_DAYS
from tests.environments.test_rules import changed

MINOR = DEV.cluster.kubernetes_version
END = EKS_VERSIONS[MINOR].standard_support_until


def test_what_runs_today_is_supported() -> None:
    today = datetime.now(UTC).date()
    for warning in support_windows.warnings(ENVIRONMENTS, today=today):
        warnings.warn(warning, stacklevel=1)
    for env in ENVIRONMENTS:
        assert today < EKS_VERSIONS[env.cluster.kubernetes_version].standard_support_until


# On the calendar's date support has ended: that is the checklist's finding, and no warning.
@pytest.mark.parametrize(
    ("days_left", "warned"),
    [(WARNING_DAYS + 1, False), (WARNING_DAYS, True), (1, True), (0, False), (-300, False)],
)
def test_the_end_of_support_is_a_warning_for_ninety_days(days_left: int, warned: bool) -> None:
    found = list(support_windows.warnings([DEV], today=END - timedelta(days=days_left)))
    assert len(found) == warned
    assert all(str(END) in warning for warning in found)


def test_a_minor_that_is_not_in_the_catalog_is_left_to_the_rules() -> None:
    unknown = changed(DEV, {"cluster.kubernetes_version": "1.29"})
    assert list(support_windows.warnings([unknown], today=END - timedelta(days=1))) == []


def test_each_environment_is_reported_by_its_name() -> None:
    found = support_windows.warnings([DEV, PROD], today=END - timedelta(days=1))
    assert [warning.partition(":")[0] for warning in found] == ["dev", "prod"]
