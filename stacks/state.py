"""What comes before everything: the bucket of every Terraform state, the one that records who read
which bucket, and the permissions boundary, without which no other stack's role can be made.

It is the first stack of an account and holds its own state: it is applied once with a local
backend, and that state then moves into the bucket (`terraform init -migrate-state`).
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
    """State bucket with its own key, the access-log bucket of all buckets, and all roles' boundary."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, Stack.STATE, env=env)
        key = self._key()
        logs = self._access_log_bucket()
        self._state_bucket(key, logs)
        self._boundary()

    def _key(self) -> aws.KmsKey:
        key = encryption_key(self, "key", names=self.names, purpose=STATE_KEY_PURPOSE)
        key.lifecycle = _never_destroyed()
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
                        "ArnLike": {
                            "aws:SourceArn": [self.names.bucket_arn(bucket) for bucket in Bucket]
                        },
                    },
                ),
                # IAM permissions alone would let anybody in the account forge a log.
                Statement(
                    actions=("s3:PutObject",),
                    resources=(f"{arn}/*",),
                    principals={"AWS": "*"},
                    conditions={"Bool": {"aws:PrincipalIsAWSService": "false"}},
                    deny=True,
                ),
            ),
        )
        logs.lifecycle = _never_destroyed()
        return bucket_policy

    def _state_bucket(self, key: aws.KmsKey, logs: aws.S3BucketPolicy) -> None:
        state, _ = safe_bucket(
            self,
            "state",
            names=self.names,
            bucket=Bucket.STATE,
            key_arn=key.arn,
            # Through the policy: S3 refuses a target that its log delivery may not write to yet.
            access_log_bucket=logs.bucket,
            expire_after_days=None,
        )
        state.lifecycle = _never_destroyed()

    def _boundary(self) -> None:
        """Here, because the deploy role cannot change this stack."""
        aws.IamPolicy(
            self,
            "boundary",
            name=self.names.aws("boundary"),
            policy=policy(*boundary(self.names)),
        )


def _never_destroyed() -> cdktf.TerraformResourceLifecycle:
    return cdktf.TerraformResourceLifecycle(prevent_destroy=True)
