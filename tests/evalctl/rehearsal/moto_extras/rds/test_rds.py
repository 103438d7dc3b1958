"""RDS: instances and parameter groups."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import Client

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"


def create(client: Client, name: str, **settings: Any) -> dict[str, Any]:
    created = client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.m7g.large",
        Engine="postgres",
        MasterUsername="admin_user",
        MasterUserPassword="a-long-enough-password",
        **({"AllocatedStorage": 20} | settings),
    )["DBInstance"]
    assert isinstance(created, dict)
    return created


def test_performance_insights_settings_are_stored_and_can_change(client: Client) -> None:
    created = create(
        client,
        "demo",
        EnablePerformanceInsights=True,
        PerformanceInsightsKMSKeyId=KEY,
        PerformanceInsightsRetentionPeriod=731,
    )
    assert created["PerformanceInsightsEnabled"] is True
    assert created["PerformanceInsightsKMSKeyId"] == KEY
    assert created["PerformanceInsightsRetentionPeriod"] == 731
    client("rds").modify_db_instance(DBInstanceIdentifier="demo", EnablePerformanceInsights=False)
    found = client("rds").describe_db_instances(DBInstanceIdentifier="demo")["DBInstances"][0]
    assert found["PerformanceInsightsEnabled"] is False


def test_a_new_instance_has_the_current_certificate_authority_and_a_unique_id(
    client: Client,
) -> None:
    one, two = create(client, "one"), create(client, "two")
    assert one["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    assert one["DbiResourceId"] != two["DbiResourceId"]


def test_a_restore_can_turn_off_what_the_snapshots_instance_had(client: Client) -> None:
    create(client, "live", DeletionProtection=True, MultiAZ=True)
    rds = client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier="live", DBSnapshotIdentifier="kept")
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="scratch",
        DBSnapshotIdentifier="kept",
        DeletionProtection=False,
        MultiAZ=False,
    )
    (found,) = rds.describe_db_instances(DBInstanceIdentifier="scratch")["DBInstances"]
    assert (found["DeletionProtection"], found["MultiAZ"]) == (False, False)
    rds.delete_db_instance(DBInstanceIdentifier="scratch", SkipFinalSnapshot=True)


@pytest.fixture
def group(client: Client) -> dict[str, str]:
    """The identifier of a parameter group in which one parameter is set."""
    named = {"DBParameterGroupName": "postgres17"}
    rds = client("rds")
    rds.create_db_parameter_group(
        **named, DBParameterGroupFamily="postgres17", Description="TLS only"
    )
    force = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(**named, Parameters=[force])
    return named


def test_a_parameter_that_was_set_has_the_source_user(
    client: Client, group: dict[str, str]
) -> None:
    rds = client("rds")
    found = rds.describe_db_parameters(**group)["Parameters"]
    assert [(each["ParameterName"], each["Source"]) for each in found] == [
        ("rds.force_ssl", "user")
    ]
    assert rds.describe_db_parameters(**group, Source="engine-default")["Parameters"] == []


def test_a_parameter_that_was_reset_is_not_listed(client: Client, group: dict[str, str]) -> None:
    rds = client("rds")
    rds.reset_db_parameter_group(
        **group, Parameters=[{"ParameterName": "rds.force_ssl", "ApplyMethod": "immediate"}]
    )
    assert rds.describe_db_parameters(**group)["Parameters"] == []


def performance(database: dict[str, Any]) -> tuple[int, int]:
    return database["Iops"], database["StorageThroughput"]


def test_gp3_storage_has_the_performance_of_its_size(client: Client) -> None:
    small = create(client, "small", StorageType="gp3", AllocatedStorage=399)
    large = create(client, "large", StorageType="gp3", AllocatedStorage=400)
    assert performance(small) == (3_000, 125)
    assert performance(large) == (12_000, 500)
    grown = client("rds").modify_db_instance(DBInstanceIdentifier="small", AllocatedStorage=400)
    assert performance(grown["DBInstance"]) == (12_000, 500)


@pytest.mark.parametrize(
    ("size", "named", "message"),
    [
        (399, {"Iops": 3_000}, "can't specify IOPS or storage throughput for engine postgres"),
        (399, {"StorageThroughput": 125}, "can't specify IOPS or storage throughput"),
        (400, {"Iops": 3_000}, "Invalid iops value for engine name postgres and .* gp3: 3000"),
        (400, {"StorageThroughput": 125}, "Invalid storage throughput value"),
    ],
)
def test_a_performance_that_gp3_cannot_have_is_refused(
    client: Client, size: int, named: dict[str, int], message: str
) -> None:
    with pytest.raises(ClientError, match=message):
        create(client, "refused", StorageType="gp3", AllocatedStorage=size, **named)
    create(client, "demo", StorageType="gp3")
    with pytest.raises(ClientError, match=message):
        client("rds").modify_db_instance(
            DBInstanceIdentifier="demo", AllocatedStorage=size, **named
        )
