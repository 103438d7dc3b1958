"""The environment's name, account and repository, and the source of its images."""

import re
from collections.abc import Iterator

from environments.rules.values import is_region
from environments.spec import Environment, Tier


def problems(env: Environment) -> Iterator[str]:
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", env.name):
        yield (
            f"name: {env.name!r} cannot be part of AWS and Kubernetes names; "
            "use lower-case letters, digits and single hyphens, a letter first"
        )
    if env.tier is Tier.PRODUCTION and env.promotes_from is None:
        yield (
            "promotes_from: None in production, where images would run that ran nowhere before; name the "
            "environment that runs them first"
        )
    if not re.fullmatch(r"\d{12}", env.account.id):
        yield (
            f"account.id: {env.account.id!r} is not 12 digits; "
            "`aws sts get-caller-identity` shows the account's id"
        )
    if not is_region(env.account.region):
        yield f"account.region: {env.account.region!r} is not a region of the `aws` partition; write it as in 'eu-central-1'"
    copy_region = env.account.backup_copy_region
    if copy_region is not None and (
        not is_region(copy_region) or copy_region == env.account.region
    ):
        yield f"account.backup_copy_region: {copy_region!r} is not another region; name one, or None"
    repository = env.repository
    owner, name = re.escape(repository.owner), re.escape(repository.name)
    # GitHub writes both ids or none.
    if not re.fullmatch(rf"repo:({owner}/{name}|{owner}@\d+/{name}@\d+)", repository.oidc_subject):
        yield (
            f"repository.oidc_subject: {repository.oidc_subject!r} is not {repository.owner}/"
            f"{repository.name}, so others could deploy; use the sub_claim_prefix of `gh api "
            f"repos/{repository.owner}/{repository.name}/actions/oidc/customization/sub`"
        )
