"""The state bucket and the access-log bucket."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from environments.names import Bucket, Names, Stack
from tests.support.each_environment import EACH_ENVIRONMENT, EACH_NAME
from tests.support.terraform import Stacks


@EACH_NAME
@pytest.mark.parametrize(
    ("type_", "id_"),
    [("aws_s3_bucket", "state"), ("aws_s3_bucket", "access-logs"), ("aws_kms_key", "key")],
)
def test_no_apply_can_destroy_the_states_their_key_or_the_logs(
    terraform: Stacks, name: str, type_: str, id_: str
) -> None:
    body = terraform[name][Stack.STATE].resource(type_, id_)
    assert body["lifecycle"] == {"prevent_destroy": True}


@EACH_NAME
def test_every_stack_has_its_own_state_in_the_state_bucket(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    backends = [stack.json["terraform"]["backend"]["s3"] for stack in terraform[name].values()]
    assert {backend["bucket"] for backend in backends} == {names[name].bucket(Bucket.STATE)}
    assert len({backend["key"] for backend in backends}) == len(backends)
    assert all(backend["use_lockfile"] is True for backend in backends)


@EACH_NAME
def test_states_are_encrypted_with_the_state_key_and_not_with_s3s_own(
    terraform: Stacks, name: str
) -> None:
    """`encrypt` without a key makes Terraform request AES256, which the bucket's policy denies."""
    for stack in terraform[name].values():
        backend = stack.json["terraform"]["backend"]["s3"]
        assert "encrypt" not in backend or "kms_key_id" in backend


def test_deleted_states_do_not_expire_before_they_are_replaced(terraform: Stacks) -> None:
    state = terraform["prod"][Stack.STATE].resource(
        "aws_s3_bucket_lifecycle_configuration", "state-lifecycle"
    )
    (rule,) = state["rule"]
    assert rule["expiration"] == [{"expired_object_delete_marker": True}]


@EACH_ENVIRONMENT
def test_access_logs_are_kept_as_long_as_configured(terraform: Stacks, env: Any) -> None:
    logs = terraform[env.name][Stack.STATE].resource(
        "aws_s3_bucket_lifecycle_configuration", "access-logs-lifecycle"
    )
    (rule,) = logs["rule"]
    assert rule["expiration"] == [{"days": env.storage.access_log_retention_days}]


@EACH_NAME
def test_logging_starts_only_when_log_delivery_may_write(terraform: Stacks, name: str) -> None:
    logging = terraform[name][Stack.STATE].only("aws_s3_bucket_logging")
    assert logging["target_bucket"] == "${aws_s3_bucket_policy.access-logs-policy.bucket}"


def test_only_the_log_delivery_of_this_accounts_buckets_writes_access_logs(
    terraform: Stacks, names: dict[str, Names]
) -> None:
    body = terraform["prod"][Stack.STATE].resource("aws_s3_bucket_policy", "access-logs-policy")
    statements = json.loads(body["policy"])["Statement"]
    (allowed,) = (statement for statement in statements if statement["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert allowed["Action"] == ["s3:PutObject"]
    account = names["prod"].env.account.id
    assert allowed["Condition"]["StringEquals"] == {"aws:SourceAccount": account}
    pattern = allowed["Condition"]["ArnLike"]["aws:SourceArn"]
    assert all(fnmatchcase(names["prod"].bucket_arn(bucket), pattern) for bucket in Bucket)
    assert not fnmatchcase(f"arn:aws:s3:::others-{account}", pattern)
    (forged,) = (s for s in statements if s["Action"] == ["s3:PutObject"] and s["Effect"] == "Deny")
    assert forged["Principal"] == {"AWS": "*"}
    assert forged["Condition"] == {"Bool": {"aws:PrincipalIsAWSService": "false"}}


def test_the_access_log_bucket_uses_the_only_encryption_that_s3_delivers_logs_to(
    terraform: Stacks,
) -> None:
    body = terraform["prod"][Stack.STATE].resource(
        "aws_s3_bucket_server_side_encryption_configuration", "access-logs-encryption"
    )
    (rule,) = body["rule"]
    assert rule["apply_server_side_encryption_by_default"] == {"sse_algorithm": "AES256"}
