"""`evalctl names`: an environment's names for GitHub Actions."""

from environments.images import WORKLOAD_IMAGES
from environments.names import APPLIED_BY_PEOPLE, PROVIDER_KEYS, Names, Stack, delivery_roles
from evalctl.options import Env
from evalctl.values import known_environments, one_environment


def command(env: Env) -> None:
    """Print what commands use of an environment, such as account and roles, as KEY=VALUE lines.

    GitHub Actions and commands of docs/ read them. None is secret: nobody can assume a role without a token that GitHub signed.

    Example: evalctl names dev
    """
    environment = one_environment(known_environments(), env)
    names, account = Names(environment), environment.account
    values = {
        "tier": environment.tier,
        "branch": environment.repository.revision,
        "account": account.id,
        "region": account.region,
        **{f"{role}-role": names.role_arn(names.aws(role)) for role in delivery_roles(environment)},
        "registry": names.image_registry,
        **{f"{image}-repository": names.image_repository(image) for image in WORKLOAD_IMAGES},
        "stacks": " ".join(f"{env}-{stack}" for stack in Stack if stack not in APPLIED_BY_PEOPLE),
        "provider-keys": " ".join(PROVIDER_KEYS),
    }
    for key, value in values.items():
        print(f"{key}={value}")
