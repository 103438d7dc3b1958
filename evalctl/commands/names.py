"""`evalctl names`: an environment's names for GitHub Actions."""

from environments.names import APPLIED_BY_PEOPLE, DeliveryRole, Names, Stack
from evalctl.options import Env
from evalctl.values import known_environments, one_environment


def command(env: Env) -> None:
    """Print the account, region, roles and stacks of an environment, one KEY=VALUE per line.

    GitHub Actions reads them. None is secret: nobody can assume a role without a token that GitHub signed.
    """
    environment = one_environment(known_environments(), env)
    names, account = Names(environment), environment.account
    values = {
        "account": account.id,
        "region": account.region,
        **{f"{role}-role": names.role_arn(names.aws(role)) for role in DeliveryRole},
        "stacks": " ".join(f"{env}-{stack}" for stack in Stack if stack not in APPLIED_BY_PEOPLE),
    }
    for key, value in values.items():
        print(f"{key}={value}")
