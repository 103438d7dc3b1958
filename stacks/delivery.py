"""GitHub Actions' access to the account: roles that plan pull requests, inspect `main`, deploy it, and push images.

A person applies this stack, like the state stack: the deploy role can read it and not change it.
"""

import constructs

from environments.names import DeliveryRole, Stack, delivery_roles
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.parts.delivery_policies import deploy_role, images_role, inspect_role, plan_role
from stacks.parts.iam import Statement, policy

_GITHUB = "token.actions.githubusercontent.com"
_AUDIENCE = "sts.amazonaws.com"
PLAN_SESSION_SECONDS = 3600
DEPLOY_SESSION_SECONDS = 7200  # a first deploy waits for EKS, then RDS, then ElastiCache


class DeliveryStack(EnvironmentStack):
    """GitHub's OIDC provider and its roles; each trusts one repository and one kind of job.

    An account can have GitHub's provider once, so two environments need two accounts.
    """

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, Stack.DELIVERY, env=env)
        provider = self._provider_of_github()
        self._plan_role(provider)
        self._inspect_role(provider)
        self._deploy_role(provider)
        if DeliveryRole.IMAGES in delivery_roles(env):
            self._images_role(provider)

    def _provider_of_github(self) -> aws.IamOpenidConnectProvider:
        return aws.IamOpenidConnectProvider(
            self, "github", url=f"https://{_GITHUB}", client_id_list=[_AUDIENCE]
        )

    def _plan_role(self, provider: aws.IamOpenidConnectProvider) -> None:
        """Pull requests plan with `-lock=false -refresh=false`: no lock written, no secret read.

        A pull request can change the workflow that uses this role, and nobody approves its use. So
        the role must do no harm whoever uses it: it only reads settings. GitHub gives no token to
        pull requests from forks.
        """
        self._role(
            DeliveryRole.PLAN,
            provider,
            occasion="pull_request",
            session_seconds=PLAN_SESSION_SECONDS,
            statements=plan_role(self.names),
        )

    def _inspect_role(self, provider: aws.IamOpenidConnectProvider) -> None:
        """Jobs of the deployed branch: they plan the deploy and detect drift.

        A refresh reads the values that Terraform wrote. The role can change nothing.
        """
        self._role(
            DeliveryRole.INSPECT,
            provider,
            occasion=self._deployed_branch,
            session_seconds=PLAN_SESSION_SECONDS,
            statements=inspect_role(self.names),
        )

    def _images_role(self, provider: aws.IamOpenidConnectProvider) -> None:
        """Jobs of the deployed branch: they push what they built, and a pull request releases it."""
        self._role(
            DeliveryRole.IMAGES,
            provider,
            occasion=self._deployed_branch,
            session_seconds=PLAN_SESSION_SECONDS,
            statements=images_role(self.names),
        )

    @property
    def _deployed_branch(self) -> str:
        return f"ref:refs/heads/{self.env.repository.revision}"

    def _deploy_role(self, provider: aws.IamOpenidConnectProvider) -> None:
        """Jobs of one GitHub environment; its rules set who approves, and for which branch."""
        self._role(
            DeliveryRole.DEPLOY,
            provider,
            occasion=f"environment:{self.env.repository.deploy_environment}",
            session_seconds=DEPLOY_SESSION_SECONDS,
            statements=deploy_role(self.names, provider_arn=provider.arn),
        )

    def _role(
        self,
        id_: str,
        provider: aws.IamOpenidConnectProvider,
        *,
        occasion: str,
        session_seconds: int,
        statements: tuple[Statement, ...],
    ) -> None:
        name = self.names.aws(id_)
        role = aws.IamRole(
            self,
            f"{id_}-role",
            name=name,
            max_session_duration=session_seconds,
            assume_role_policy=policy(
                Statement(
                    actions=("sts:AssumeRoleWithWebIdentity",),
                    resources=(),
                    principals={"Federated": provider.arn},
                    conditions={
                        "StringEquals": {
                            f"{_GITHUB}:aud": _AUDIENCE,
                            f"{_GITHUB}:sub": f"{self.env.repository.oidc_subject}:{occasion}",
                        }
                    },
                )
            ),
        )
        aws.IamRolePolicy(
            self, f"{id_}-role-policy", name=name, role=role.name, policy=policy(*statements)
        )
