"""The first stack of an account: the buckets for states and access logs, and the permissions boundary.

Every other stack keeps its state in this bucket and makes its roles with this boundary. The stack
is applied once with a local backend; its own state then moves into the bucket
(`terraform init -migrate-state`).
"""

import cdktf
import constructs

from environments.names import Bucket, Stack
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.parts.iam import Statement, policy
from stacks.parts.kms import STATE_KEY_PURPOSE, encryption_key
from stacks.parts.permissions_boundary import boundary
from stacks.parts.s3 import safe_bucket


class StateStack(EnvironmentStack):
    """The state bucket with its key, the bucket for all access logs, and the boundary of all roles."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, Stack.STATE, env=env)
        key = self._key()
        logs = self._access_log_bucket()
        self._state_bucket(key, logs)
        self._boundary()

    def _key(self) -> aws.KmsKey:
        key = encryption_key(self, "key", names=self.names, purpose=STATE_KEY_PURPOSE)
        key.lifecycle = _prevent_destroy()
        return key

    def _access_log_bucket(self) -> aws.S3BucketPolicy:
        arn = self.names.bucket_arn(Bucket.ACCESS_LOGS)
        logs, bucket_policy = safe_bucket(
            self,
            "access-logs",
            names=self.names,
            bucket=Bucket.ACCESS_LOGS,
            key_arn=None,  # S3 cannot deliver its logs to a bucket that encrypts with KMS
            access_log_bucket=None,
            expire_after_days=self.env.storage.access_log_retention_days,
            statements=(
                Statement(
                    actions=("s3:PutObject",),
                    resources=(f"{arn}/*",),
                    principals={"Service": "logging.s3.amazonaws.com"},
                    conditions={
                        "StringEquals": {"aws:SourceAccount": self.env.account.id},
                        "ArnLike": {"aws:SourceArn": self.names.bucket_arns},
                    },
                ),
                # Without it, any role in the account with S3 permissions could forge a log.
                Statement(
                    actions=("s3:PutObject",),
                    resources=(f"{arn}/*",),
                    principals={"AWS": "*"},
                    conditions={"Bool": {"aws:PrincipalIsAWSService": "false"}},
                    deny=True,
                ),
            ),
        )
        logs.lifecycle = _prevent_destroy()
        return bucket_policy

    def _state_bucket(self, key: aws.KmsKey, logs: aws.S3BucketPolicy) -> None:
        state, _ = safe_bucket(
            self,
            "state",
            names=self.names,
            bucket=Bucket.STATE,
            key_arn=key.arn,
            # The policy's attribute makes Terraform wait for the policy: S3 refuses a target that
            # its log delivery may not write to yet.
            access_log_bucket=logs.bucket,
            expire_after_days=None,
        )
        state.lifecycle = _prevent_destroy()

    def _boundary(self) -> None:
        """In this stack because the deploy role cannot change it."""
        aws.IamPolicy(
            self,
            "boundary",
            name=self.names.aws("boundary"),
            policy=policy(*boundary(self.names)),
        )


def _prevent_destroy() -> cdktf.TerraformResourceLifecycle:
    return cdktf.TerraformResourceLifecycle(prevent_destroy=True)
