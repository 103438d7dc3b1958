"""The Kubernetes minor, the add-ons and Argo CD of each environment fit together."""

from dataclasses import replace

import pytest

from environments import catalog, rules
from environments.catalog import EKS_VERSIONS
from environments.dev import DEV
from environments.prod import PROD
from environments.rules import problems_of
from tests.environments.test_rules import changed

MINOR = DEV.cluster.kubernetes_version


@pytest.mark.parametrize("field", ["cluster_autoscaler", "kube_proxy", "node_release"])
def test_a_program_of_another_minor_is_refused(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    version = changed(EKS_VERSIONS[MINOR], {field: "v1.2.3"})
    monkeypatch.setitem(EKS_VERSIONS, MINOR, version)
    (problem,) = problems_of(DEV)
    assert f"v1.2.3 is not of Kubernetes {MINOR}" in problem


def test_charts_that_were_not_made_for_the_minor_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    older = replace(catalog.ADDON_SETS[DEV.addon_set], kubernetes_versions=("1.30",))
    monkeypatch.setitem(catalog.ADDON_SETS, DEV.addon_set, older)
    (problem,) = problems_of(DEV)
    assert f"addon_set: {DEV.addon_set!r} runs on Kubernetes 1.30, not on {MINOR}" in problem


def test_an_addon_set_for_older_minors_is_refused_with_the_set_to_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    current = catalog.ADDON_SETS[DEV.addon_set]
    older = replace(current, kubernetes_versions=("1.33", "1.34"))
    monkeypatch.setitem(catalog.ADDON_SETS, "2025-05", older)

    (problem,) = problems_of(changed(DEV, {"addon_set": "2025-05"}))

    assert problem == (
        f"addon_set: '2025-05' runs on Kubernetes 1.33, 1.34, not on "
        f"{DEV.cluster.kubernetes_version}; use 2026-11"
    )


def test_a_minor_without_an_addon_set_is_refused_before_the_upgrade(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = DEV.cluster.kubernetes_version
    monkeypatch.setitem(catalog.EKS_VERSIONS, "1.99", catalog.EKS_VERSIONS[version])

    problems = problems_of(changed(DEV, {"cluster.kubernetes_version": "1.99"}))

    (problem,) = [problem for problem in problems if problem.startswith("addon_set")]
    assert "not on 1.99; add a set that does to environments/catalog.py" in problem


def test_an_argo_cd_that_is_not_tested_on_the_minor_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    older = replace(catalog.ARGOCD, kubernetes_versions=("1.30",))
    monkeypatch.setattr(catalog, "ARGOCD", older)
    (problem,) = problems_of(DEV)
    assert f"is not tested on Kubernetes {MINOR}, only on 1.30" in problem


def test_a_minor_that_is_not_in_the_catalog_is_refused() -> None:
    problems = problems_of(changed(DEV, {"cluster.kubernetes_version": "1.29"}))
    assert any("EKS does not support '1.29'; use one of" in problem for problem in problems)


def test_development_is_upgraded_before_production() -> None:
    def is_refused(dev: str, prod: str) -> bool:
        problems = rules.problems(
            [
                changed(DEV, {"cluster.kubernetes_version": dev}),
                changed(PROD, {"cluster.kubernetes_version": prod, "promotes_from": "dev"}),
            ]
        )
        return any("upgrade dev first" in problem for problem in problems)

    older, newer = list(EKS_VERSIONS)[:2]
    assert is_refused(older, newer)
    assert not is_refused(newer, older)
    assert not is_refused(newer, newer)
