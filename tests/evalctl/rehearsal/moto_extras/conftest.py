"""An emulated AWS with the extended services, empty at the start of each test."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from evalctl.rehearsal import moto_extras

REGION = "eu-central-1"
CLUSTER = "demo"
ROLE = "arn:aws:iam::123456789012:role/demo"

Client = Callable[[str], Any]  # boto3 creates the methods of its clients at run time

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark these tests as rehearsals: only a rehearsal uses the emulator."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.rehearsal)


@pytest.fixture(autouse=True)
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Creates a client of a service."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # 1,300 for each region and test
    moto_extras.install()
    with mock_aws():
        yield _client


@functools.cache
def _client(service: str) -> Any:
    """Cached: reading the model of a service takes longer than a test."""
    session = boto3.Session("testing", "testing", region_name=REGION)
    return session.client(service)


@pytest.fixture
def vpc_id(client: Client) -> str:
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    return str(vpc["Vpc"]["VpcId"])


@pytest.fixture
def subnet_ids(client: Client, vpc_id: str) -> list[str]:
    """One in each of two zones."""
    return [
        client("ec2").create_subnet(
            VpcId=vpc_id, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )["Subnet"]["SubnetId"]
        for index, zone in enumerate("ab")
    ]


@pytest.fixture
def cluster(client: Client, subnet_ids: list[str]) -> str:
    """The name of a cluster that uses access entries."""
    client("eks").create_cluster(
        name=CLUSTER,
        roleArn=ROLE,
        version="1.35",
        resourcesVpcConfig={"subnetIds": subnet_ids},
        accessConfig={"authenticationMode": "API"},
    )
    return CLUSTER
