"""The catalog is whole: what one table promises, the others hold."""

import re

import pytest

from environments import catalog
from environments.names import Addon

SETS = pytest.mark.parametrize("name", catalog.ADDON_SETS)


@SETS
def test_every_addon_has_a_pinned_chart_in_every_set(name: str) -> None:
    charts = catalog.ADDON_SETS[name].charts
    assert list(charts) == list(Addon)
    for addon, chart in charts.items():
        assert chart.name == addon
        assert re.fullmatch(r"\d+\.\d+\.\d+", chart.version), f"{addon}: a range is no version"
        assert chart.repository_url.startswith("https://")


@SETS
def test_a_set_is_named_after_its_month_and_runs_on_what_eks_offers(name: str) -> None:
    assert re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", name)
    assert set(catalog.ADDON_SETS[name].kubernetes_versions) <= set(catalog.EKS_VERSIONS)


def test_every_minor_on_eks_has_an_addon_set_and_an_autoscaler_of_its_own() -> None:
    supported = {v for s in catalog.ADDON_SETS.values() for v in s.kubernetes_versions}
    assert supported == set(catalog.EKS_VERSIONS)
    for minor, version in catalog.EKS_VERSIONS.items():
        assert re.fullmatch(rf"v{re.escape(minor)}\.\d+", version.cluster_autoscaler)
