"""The tables of the catalog agree with each other."""

import dataclasses
import re
from datetime import date
from itertools import pairwise

import pytest
from botocore.loaders import Loader
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend
from moto.ec2.models.instance_types import INSTANCE_TYPES

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


def test_regions_and_zones_are_those_that_aws_documents() -> None:
    """botocore has the list that Terraform's provider accepts; moto has EC2's answer about zones."""
    (partition,) = (
        partition
        for partition in Loader().load_data("endpoints")["partitions"]
        if partition["partition"] == "aws"
    )
    assert list(catalog.REGIONS) == sorted(partition["regions"])
    zones = {
        region: "".join(sorted(zone.name[-1] for zone in zones))
        for region, zones in RegionsAndZonesBackend.zones.items()
    }
    # EC2 shows an account two of the three zones, moto always the same.
    assert set(zones.pop("us-west-1")) < set(catalog.REGIONS["us-west-1"])
    assert {region: zones.get(region, letters) for region, letters in catalog.REGIONS.items()} == (
        catalog.REGIONS
    )


def test_instance_types_have_the_size_that_ec2_documents() -> None:
    for name, known in catalog.INSTANCE_TYPES.items():
        type_ = INSTANCE_TYPES[name]
        network = type_["NetworkInfo"]
        size = (
            type_["VCpuInfo"]["DefaultVCpus"],
            type_["MemoryInfo"]["SizeInMiB"] / 1024,
            network["MaximumNetworkInterfaces"],
            network["Ipv4AddressesPerInterface"],
        )
        assert dataclasses.astuple(known) == size, name


def test_a_node_takes_the_addresses_of_one_interface_more_than_its_pods_need() -> None:
    """The VPC CNI's README: WARM_ENI_TARGET is 1; an interface's first address is its own."""
    xlarge = catalog.INSTANCE_TYPES["c5.xlarge"]
    assert [xlarge.addresses(pods) for pods in (1, 14, 15, 56)] == [30, 30, 45, 60]
    assert xlarge.most_pods == 58


def test_kubectl_may_be_one_minor_older_or_newer() -> None:
    assert catalog.kubectl_minors("1.35") == ("1.34", "1.36")
