"""`evalctl check` warns when support ends soon, and fails if versions do not fit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from environments.catalog import EKS_VERSIONS
from environments.dev import DEV
from environments.spec import Environment
from evalctl import main
from evalctl.checks import policy

MINOR = DEV.cluster.kubernetes_version


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def run(*, days_of_support: int, env: Environment = DEV) -> Result:
        until = datetime.now(UTC).date() + timedelta(days=days_of_support)
        version = replace(EKS_VERSIONS[MINOR], standard_support_until=until)
        monkeypatch.setitem(EKS_VERSIONS, MINOR, version)
        monkeypatch.setattr(
            policy, "findings", lambda rendered, environments: []
        )  # checkov has its own tests
        monkeypatch.setattr("evalctl.commands.check.known_environments", lambda: (env,))
        return CliRunner().invoke(main.app, ["check"])

    return run


def test_support_that_ends_soon_is_a_warning(check: Callable[..., Result]) -> None:
    result = check(days_of_support=30)
    assert result.exit_code == 0, result.output
    assert f"Warning: dev: standard support of Kubernetes {MINOR} ends in 30 days" in result.output


def test_support_that_has_ended_fails(check: Callable[..., Result]) -> None:
    result = check(days_of_support=0)
    assert result.exit_code == 1
    assert f"dev: standard support of Kubernetes {MINOR} ended" in result.output


def test_versions_that_do_not_fit_fail(check: Callable[..., Result]) -> None:
    result = check(days_of_support=400, env=replace(DEV, addon_set="none"))
    assert result.exit_code == 1
    assert "1 findings" in result.output
    assert "dev: addon_set: 'none' is unknown" in result.output


def test_support_that_does_not_end_soon_is_not_reported(check: Callable[..., Result]) -> None:
    result = check(days_of_support=400)
    assert result.exit_code == 0, result.output
    assert "Warning" not in result.output
