"""`evalctl names`: an environment as GitHub Actions sees it."""

from environments.names import DeliveryRole, Names, Stack
from evalctl.options import Env
from evalctl.terminal import known_environments, one_environment


def command(env: Env) -> None:
    """Print what GitHub Actions needs to know of an environment, one KEY=VALUE per line.

    None of it is secret: a role's name opens nothing without GitHub's signature.
    """
    from evalctl.plans import plan as plans

    environment = one_environment(known_environments(), env)
    names, account = Names(environment), environment.account
    values = {
        "account": account.id,
        "region": account.region,
        **{f"{role}-role": names.role_arn(names.aws(role)) for role in DeliveryRole},
        "stacks": " ".join(f"{env}-{stack}" for stack in Stack if stack not in plans.BY_PEOPLE),
    }
    for key, value in values.items():
        print(f"{key}={value}")
