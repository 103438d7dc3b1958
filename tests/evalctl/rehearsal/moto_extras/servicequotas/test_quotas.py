"""Service Quotas: a new account's values, and increases."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from environments.registry import ENVIRONMENTS
from evalctl.lifecycle import quotas
from tests.evalctl.rehearsal.moto_extras.conftest import Client

SPOT = {"ServiceCode": "ec2", "QuotaCode": "L-34B43A08"}
CLUSTERS = {"ServiceCode": "eks", "QuotaCode": "L-1194D53C"}


def applied(client: Client, quota: dict[str, str]) -> float:
    found: dict[str, Any] = client("service-quotas").get_service_quota(**quota)["Quota"]
    return float(found["Value"])


def test_an_increase_changes_the_applied_value_and_not_the_default(client: Client) -> None:
    api = client("service-quotas")
    assert applied(client, SPOT) == 5
    api.request_service_quota_increase(**SPOT, DesiredValue=24)
    assert applied(client, SPOT) == 24
    assert api.get_aws_default_service_quota(**SPOT)["Quota"]["Value"] == 5


def test_a_quota_without_an_applied_value_has_a_default(client: Client) -> None:
    with pytest.raises(ClientError, match="NoSuchResourceException"):
        applied(client, CLUSTERS)
    found = client("service-quotas").get_aws_default_service_quota(**CLUSTERS)
    assert found["Quota"]["Value"] == 100


def test_an_unknown_quota_is_refused(client: Client) -> None:
    with pytest.raises(ClientError, match="NoSuchResourceException"):
        applied(client, {"ServiceCode": "ec2", "QuotaCode": "L-00000000"})


def test_the_emulated_account_is_new_in_all_that_environments_need(client: Client) -> None:
    needed = {need.quota for env in ENVIRONMENTS for need in quotas.needs(env)}
    found = {
        quota: client("service-quotas").get_aws_default_service_quota(
            ServiceCode=quota.service, QuotaCode=quota.code
        )["Quota"]["Value"]
        for quota in needed
    }
    assert found == {quota: quota.new_account for quota in needed}
