from typing import Any

import pytest

from tests.evalctl.rehearsal.moto_extras.conftest import Client

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"


def create(client: Client, name: str, **settings: Any) -> dict[str, Any]:
    created = client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.m7g.large",
        Engine="postgres",
        MasterUsername="admin_user",
        MasterUserPassword="a-long-enough-password",
        AllocatedStorage=20,
        **settings,
    )["DBInstance"]
    assert isinstance(created, dict)
    return created


def test_performance_insights_are_kept_and_can_change(client: Client) -> None:
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


def test_a_new_instance_has_todays_certificate_authority_and_an_id_of_its_own(
    client: Client,
) -> None:
    one, two = create(client, "one"), create(client, "two")
    assert one["CACertificateIdentifier"] == "rds-ca-rsa2048-g1"
    assert one["DbiResourceId"] != two["DbiResourceId"]


@pytest.fixture
def group(client: Client) -> dict[str, str]:
    """How to name a parameter group in which one parameter is set."""
    named = {"DBParameterGroupName": "postgres17"}
    rds = client("rds")
    rds.create_db_parameter_group(
        **named, DBParameterGroupFamily="postgres17", Description="TLS only"
    )
    force = {"ParameterName": "rds.force_ssl", "ParameterValue": "1", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(**named, Parameters=[force])
    return named


def test_a_parameter_that_was_set_is_the_users(client: Client, group: dict[str, str]) -> None:
    rds = client("rds")
    found = rds.describe_db_parameters(**group)["Parameters"]
    assert [(each["ParameterName"], each["Source"]) for each in found] == [
        ("rds.force_ssl", "user")
    ]
    assert rds.describe_db_parameters(**group, Source="engine-default")["Parameters"] == []


def test_a_parameter_that_is_reset_is_gone(client: Client, group: dict[str, str]) -> None:
    rds = client("rds")
    rds.reset_db_parameter_group(
        **group, Parameters=[{"ParameterName": "rds.force_ssl", "ApplyMethod": "immediate"}]
    )
    assert rds.describe_db_parameters(**group)["Parameters"] == []
