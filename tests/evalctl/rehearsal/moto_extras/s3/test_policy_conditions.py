"""Conditions of policy statements."""

import pytest

from evalctl.rehearsal.moto_extras.s3.policy_conditions import hold

REQUEST = {
    "aws:securetransport": "true",
    "s3:tlsversion": "1.3",
    "s3:x-amz-server-side-encryption": "AES256",
}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, False),
        ({"NumericLessThan": {"s3:TlsVersion": "1.4"}}, True),
        ({"StringEquals": {"s3:x-amz-server-side-encryption": ["aws:kms", "AES256"]}}, True),
        ({"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}, True),
        ({"StringNotEquals": {"s3:x-amz-server-side-encryption": ["aws:kms", "AES256"]}}, False),
        ({"StringLike": {"s3:x-amz-server-side-encryption": "AES*"}}, True),
        # A key that is absent from the request equals no value.
        ({"StringEquals": {"s3:x-amz-acl": "private"}}, False),
        ({"StringNotEquals": {"s3:x-amz-acl": "private"}}, True),
        ({"StringEqualsIfExists": {"s3:x-amz-acl": "private"}}, True),
        ({"Null": {"s3:x-amz-acl": "true"}}, True),
        ({"Null": {"s3:x-amz-acl": "false"}}, False),
        # All conditions must hold.
        (
            {
                "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
                "Null": {"s3:x-amz-server-side-encryption": "false"},
            },
            True,
        ),
        ({"Bool": {"aws:SecureTransport": "true", "aws:ViaAWSService": "true"}}, False),
        # A statement with an unsupported operator has no effect.
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
    ],
)
def test_conditions_hold_as_iam_evaluates_them(
    conditions: dict[str, dict[str, str | list[str]]], expected: bool
) -> None:
    assert hold(conditions, REQUEST) is expected
