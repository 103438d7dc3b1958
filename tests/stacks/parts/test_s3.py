"""Every bucket of every stack: each must come from the same construct."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from environments.names import Bucket, Names, Stack
from tests.support.each_environment import EACH_NAME
from tests.support.terraform import Body, Stacks, Terraform

EVERY_BUCKET = pytest.mark.parametrize("bucket", list(Bucket))


def setting(stacks: dict[Stack, Terraform], names: Names, bucket: Bucket, kind: str) -> Body:
    """The one setting of this kind that belongs to the bucket."""
    for stack in stacks.values():
        for id_, body in stack.resources("aws_s3_bucket").items():
            if body["bucket"] == names.bucket(bucket):
                (found,) = (
                    candidate
                    for candidate in stack.resources(f"aws_s3_bucket_{kind}").values()
                    if candidate["bucket"] == f"${{aws_s3_bucket.{id_}.bucket}}"
                )
                return found
    raise AssertionError(f"no stack has the bucket {bucket}")


def statements(stacks: dict[Stack, Terraform], names: Names, bucket: Bucket) -> list[Any]:
    found: list[Any] = json.loads(setting(stacks, names, bucket, "policy")["policy"])["Statement"]
    return found


def buckets(stacks: dict[Stack, Terraform]) -> Iterator[Body]:
    for stack in stacks.values():
        yield from stack.resources("aws_s3_bucket").values()


@EACH_NAME
def test_each_named_bucket_exists_once_and_there_are_no_others(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    found = sorted(body["bucket"] for body in buckets(terraform[name]))
    assert found == sorted(names[name].bucket(bucket) for bucket in Bucket)


@EACH_NAME
def test_destroying_a_stack_never_deletes_objects(terraform: Stacks, name: str) -> None:
    assert all(body["force_destroy"] is False for body in buckets(terraform[name]))


@EVERY_BUCKET
def test_overwritten_objects_can_be_restored(
    terraform: Stacks, names: dict[str, Names], bucket: Bucket
) -> None:
    # ClickHouse never overwrites a backup: the days there are for one that was deleted too early.
    days = 7 if bucket is Bucket.BACKUPS else 30
    versioning = setting(terraform["prod"], names["prod"], bucket, "versioning")
    assert versioning["versioning_configuration"]["status"] == "Enabled"
    (rule,) = setting(terraform["prod"], names["prod"], bucket, "lifecycle_configuration")["rule"]
    (expiry,) = rule["noncurrent_version_expiration"]
    assert expiry["noncurrent_days"] >= days


@EVERY_BUCKET
def test_nothing_in_a_bucket_can_be_made_public(
    terraform: Stacks, names: dict[str, Names], bucket: Bucket
) -> None:
    block = setting(terraform["prod"], names["prod"], bucket, "public_access_block")
    switches = (
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    )
    assert all(block[switch] is True for switch in switches)
    ownership = setting(terraform["prod"], names["prod"], bucket, "ownership_controls")
    assert ownership["rule"]["object_ownership"] == "BucketOwnerEnforced"


@EVERY_BUCKET
def test_a_connection_without_tls_1_2_is_refused_for_the_bucket_and_its_objects(
    terraform: Stacks, names: dict[str, Names], bucket: Bucket
) -> None:
    arn = names["prod"].bucket_arn(bucket)
    refused = [
        statement["Condition"]
        for statement in statements(terraform["prod"], names["prod"], bucket)
        if statement["Effect"] == "Deny"
        and statement["Principal"] == {"AWS": "*"}
        and statement["Action"] == ["s3:*"]
        and statement["Resource"] == [arn, f"{arn}/*"]
    ]
    assert {"Bool": {"aws:SecureTransport": "false"}} in refused
    assert {"NumericLessThan": {"s3:TlsVersion": "1.2"}} in refused


@pytest.mark.parametrize("bucket", [bucket for bucket in Bucket if bucket != Bucket.ACCESS_LOGS])
def test_uploads_that_request_another_encryption_are_denied(
    terraform: Stacks, names: dict[str, Names], bucket: Bucket
) -> None:
    encryption = setting(
        terraform["prod"], names["prod"], bucket, "server_side_encryption_configuration"
    )
    (rule,) = encryption["rule"]
    default = rule["apply_server_side_encryption_by_default"]
    assert default["sse_algorithm"] == "aws:kms"
    assert default["kms_master_key_id"] == "${aws_kms_key.key.arn}"
    refused = [
        statement["Condition"]
        for statement in statements(terraform["prod"], names["prod"], bucket)
        if statement["Effect"] == "Deny" and statement["Action"] == ["s3:PutObject"]
    ]
    # Without `Null`, an upload that requests no encryption would be denied, too.
    for header, wanted in (
        ("s3:x-amz-server-side-encryption", "aws:kms"),
        ("s3:x-amz-server-side-encryption-aws-kms-key-id", "${aws_kms_key.key.arn}"),
    ):
        assert {"StringNotEquals": {header: wanted}, "Null": {header: "false"}} in refused


@EVERY_BUCKET
def test_parts_of_unfinished_uploads_are_removed(
    terraform: Stacks, names: dict[str, Names], bucket: Bucket
) -> None:
    (rule,) = setting(terraform["dev"], names["dev"], bucket, "lifecycle_configuration")["rule"]
    assert rule["status"] == "Enabled"
    assert rule["filter"] == [{"prefix": ""}]
    assert rule["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 7}]


@pytest.mark.parametrize("bucket", [bucket for bucket in Bucket if bucket != Bucket.ACCESS_LOGS])
def test_reads_of_a_bucket_are_logged_under_its_own_prefix(
    terraform: Stacks, names: dict[str, Names], bucket: Bucket
) -> None:
    log = setting(terraform["prod"], names["prod"], bucket, "logging")
    assert log["target_prefix"] == f"s3/{bucket}/"
    assert log["target_bucket"] in (
        names["prod"].bucket(Bucket.ACCESS_LOGS),
        "${aws_s3_bucket_policy.access-logs-policy.bucket}",
    )
