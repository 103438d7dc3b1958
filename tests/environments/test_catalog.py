"""The tables of the catalog agree with each other."""

import re
from datetime import date
from itertools import pairwise

import pytest

from environments import catalog
from environments.catalog import EKS_VERSIONS, EksVersion
from environments.names import Addon

SETS = pytest.mark.parametrize("name", catalog.ADDON_SETS)


@SETS
def test_every_addon_has_a_pinned_chart_in_every_set(name: str) -> None:
    charts = catalog.ADDON_SETS[name].charts
    assert list(charts) == list(Addon)
    for addon, chart in charts.items():
        assert chart.name == addon
        assert re.fullmatch(r"\d+\.\d+\.\d+", chart.version), (
            f"{addon}: use one version, not a range"
        )
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
        assert re.fullmatch(rf"{re.escape(minor)}\.\d+-\d{{8}}", version.node_release)


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def test_each_minor_follows_the_one_before_and_no_version_goes_back() -> None:
    assert [numbers(minor) for minor in EKS_VERSIONS] == sorted(map(numbers, EKS_VERSIONS))
    for (older, before), (newer, after) in pairwise(EKS_VERSIONS.items()):
        assert numbers(newer) == (numbers(older)[0], numbers(older)[1] + 1)
        for name in _versions(before):
            assert numbers(getattr(after, name)) >= numbers(getattr(before, name)), (newer, name)


def _versions(version: EksVersion) -> list[str]:
    return [name for name, value in vars(version).items() if isinstance(value, str)]


def test_support_lasts_as_long_as_aws_documents() -> None:
    """14 months of standard and 12 of extended support (EKS user guide, "Kubernetes versions")."""
    for minor, version in EKS_VERSIONS.items():
        assert _months(version.released, version.standard_support_until) == 14, minor
        assert _months(version.standard_support_until, version.extended_support_until) == 12, minor


def _months(start: date, end: date) -> int:
    return 12 * (end.year - start.year) + end.month - start.month


def test_kubectl_may_be_one_minor_older_or_newer() -> None:
    assert catalog.kubectl_minors("1.35") == ("1.34", "1.36")
