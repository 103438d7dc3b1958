"""What every stack starts from: the AWS provider for one account, default tags, and a state in S3."""

import cdktf
import constructs

from environments.names import Bucket, Names, Stack
from environments.spec import Environment
from stacks import aws

PROVIDER_VERSION = "5.100.0"  # what cdktf-cdktf-provider-aws 20.1.0 binds; the tests run it
TERRAFORM_VERSION = ">= 1.11"  # first with write-only arguments and S3 locking without DynamoDB


class EnvironmentStack(cdktf.TerraformStack):
    """One Terraform state of one environment."""

    def __init__(self, scope: constructs.Construct, stack: Stack, *, env: Environment) -> None:
        super().__init__(scope, f"{env.name}-{stack}")
        self.env = env
        self.names = Names(env)
        self._provider(stack)
        self._backend(stack)
        # What cdktf 0.21 has no arguments for; `use_lockfile` is S3's own locking.
        self.add_override(
            "terraform",
            {
                "required_version": TERRAFORM_VERSION,
                "required_providers": {"aws": {"version": PROVIDER_VERSION}},
                "backend": {"s3": {"use_lockfile": True}},
            },
        )

    def _provider(self, stack: Stack) -> None:
        aws.AwsProvider(
            self,
            "aws",
            region=self.env.account.region,
            # Credentials for another account fail before anything is read or written.
            allowed_account_ids=[self.env.account.id],
            default_tags=[aws.AwsProviderDefaultTags(tags=self.names.tags(stack))],
        )

    def _backend(self, stack: Stack) -> None:
        # No `encrypt`: it would request S3's own key, and the bucket encrypts with its KMS key.
        cdktf.S3Backend(
            self,
            bucket=self.names.bucket(Bucket.STATE),
            key=self.names.state_key(stack),
            region=self.env.account.region,
        )
