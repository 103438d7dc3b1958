"""S3 bucket policies with conditions."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.evalctl.rehearsal.moto_extras.conftest import REGION, Client

BUCKET = "demo-state"
ARN = f"arn:aws:s3:::{BUCKET}"
SSE = "s3:x-amz-server-side-encryption"


def deny(conditions: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:*"],
        "Resource": [ARN, f"{ARN}/*"],
        "Condition": conditions,
    }


@pytest.fixture
def buckets(client: Client) -> None:
    for name in (BUCKET, "demo-logs"):
        client("s3").create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
        )


def protect(client: Client, *statements: dict[str, Any], bucket: str = BUCKET) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)


@pytest.mark.usefixtures("buckets")
def test_a_bucket_that_requires_tls_can_be_used(client: Client) -> None:
    protect(client, deny({"Bool": {"aws:SecureTransport": "false"}}))
    client("s3").put_object(Bucket=BUCKET, Key="state", Body=b"{}")
    assert client("s3").get_object(Bucket=BUCKET, Key="state")["Body"].read() == b"{}"


@pytest.mark.usefixtures("buckets")
def test_an_upload_with_an_encryption_other_than_the_buckets_is_refused(client: Client) -> None:
    protect(client, deny({"StringNotEquals": {SSE: "aws:kms"}, "Null": {SSE: "false"}}))
    s3 = client("s3")
    s3.put_object(Bucket=BUCKET, Key="with-the-buckets-own", Body=b"")
    s3.put_object(Bucket=BUCKET, Key="with-kms", Body=b"", ServerSideEncryption="aws:kms")
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket=BUCKET, Key="other", Body=b"", ServerSideEncryption="AES256")


@pytest.mark.usefixtures("buckets")
def test_a_statement_without_conditions_still_applies(client: Client) -> None:
    statement = deny({})
    del statement["Condition"]
    protect(client, statement)
    with pytest.raises(ClientError, match="403"):
        client("s3").put_object(Bucket=BUCKET, Key="state", Body=b"")


@pytest.mark.usefixtures("buckets")
def test_access_logs_need_a_bucket_to_which_s3_may_write(client: Client) -> None:
    s3 = client("s3")
    logging = {"LoggingEnabled": {"TargetBucket": "demo-logs", "TargetPrefix": "s3/state/"}}
    with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
        s3.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus=logging)
    protect(
        client,
        {
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": ["s3:PutObject"],
            "Resource": ["arn:aws:s3:::demo-logs/*"],
            "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
        },
        bucket="demo-logs",
    )
    s3.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus=logging)
    found = s3.get_bucket_logging(Bucket=BUCKET)["LoggingEnabled"]
    assert found["TargetBucket"] == "demo-logs"
