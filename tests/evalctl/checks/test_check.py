"""`evalctl check` warns when support ends soon, and fails if versions do not fit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner, Result

from environments.catalog import EKS_VERSIONS
from environments.dev import DEV
from environments.spec import Environment
from environments.waivers import WAIVERS
from evalctl import main
from evalctl.checks import policy
from tests.support.paths import ROOT

MINOR = DEV.cluster.kubernetes_version


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def run(*rendered: Path, days_of_support: int = 400, env: Environment = DEV) -> Result:
        until = datetime.now(UTC).date() + timedelta(days=days_of_support)
        version = replace(EKS_VERSIONS[MINOR], standard_support_until=until)
        monkeypatch.setitem(EKS_VERSIONS, MINOR, version)
        monkeypatch.setattr(
            policy, "findings", lambda rendered, environments: []
        )  # checkov has its own tests
        monkeypatch.setattr("evalctl.commands.check.known_environments", lambda: (env,))
        waivers = tuple(waiver for waiver in WAIVERS if waiver.environment == env.name)
        monkeypatch.setattr("evalctl.commands.check.WAIVERS", waivers)
        return CliRunner().invoke(main.app, ["check", *map(str, rendered)])

    return run


def test_support_that_ends_soon_is_a_warning(check: Callable[..., Result]) -> None:
    result = check(days_of_support=30)
    assert result.exit_code == 0, result.output
    assert f"Warning: dev: standard support of Kubernetes {MINOR} ends in 30 days" in result.output


def test_support_that_has_ended_fails(check: Callable[..., Result]) -> None:
    result = check(days_of_support=0)
    assert result.exit_code == 1
    assert "1 findings" in result.output
    assert f"aws_eks_cluster.cluster.version = {MINOR}: standard support ended" in result.output


def test_versions_that_do_not_fit_fail(check: Callable[..., Result]) -> None:
    result = check(days_of_support=400, env=replace(DEV, addon_set="none"))
    assert result.exit_code == 1
    assert "1 findings" in result.output
    assert "dev: addon_set: 'none' is unknown" in result.output


def test_support_that_does_not_end_soon_is_not_reported(check: Callable[..., Result]) -> None:
    result = check(days_of_support=400)
    assert result.exit_code == 0, result.output
    assert "Warning" not in result.output


def test_a_broken_connection_fails_with_both_ends(
    check: Callable[..., Result], tmp_path: Path
) -> None:
    copytree(ROOT / "rendered/dev", tmp_path / "dev")
    service = tmp_path / "dev/k8s/orchestrator/Service-orchestrator.yaml"
    service.write_text(service.read_text().replace("name: http", "name: web"))
    result = check(tmp_path)
    assert result.exit_code == 1
    both = "rules[0].http.paths[0].backend.service.port.name = http: the Service has no such port"
    assert both in result.output
    assert f"({service}:12: spec.ports = " in result.output
    ingress = tmp_path / "dev/k8s/orchestrator/Ingress-orchestrator.yaml"
    line = ingress.read_text().splitlines().index("              name: http") + 1
    assert f"{ingress}:{line}: " in result.output


def test_an_environment_that_is_not_rendered_fails(
    check: Callable[..., Result], tmp_path: Path
) -> None:
    result = check(tmp_path)
    assert result.exit_code == 1
    assert "this stack is missing; render it again" in result.output


def test_a_sample_that_is_not_replaced_does_not_fail(check: Callable[..., Result]) -> None:
    result = check()
    assert result.exit_code == 0, result.output
