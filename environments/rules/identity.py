"""The environment's name, account and repository, and the source of its images."""

import re
from collections.abc import Iterator

from environments.catalog import REGIONS
from environments.images import Digests
from environments.rules.values import is_github_owner, is_github_repository
from environments.spec import Environment, Repository, Tier

# Tag values (AWS General Reference, "Tag naming limits and requirements").
_TAG = re.compile(r"[\w .:/=+@-]{1,256}")

# What `git check-ref-format` refuses, and more that GitHub refuses: `refs/` and what looks like a commit
# (GitHub docs, "Dealing with special characters in branch and tag names"). A branch is also written to YAML and to
# shells, so only plain characters are accepted. 244 of them: a ref has at most 255 bytes, with `refs/heads/`; people
# measured 250 without it.
_BRANCH = re.compile(r"(?!refs/|[0-9a-f]{40}$|HEAD$|-)[A-Za-z0-9_-][A-Za-z0-9._/-]{0,243}")
# AWS Budgets takes every text without a line break as an address (API reference, Subscriber), and its mails to
# a wrong one are lost.
_EMAIL = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_NOT_IN_BRANCHES = ("..", "//", "/.", "./", ".lock/")


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
    if not re.fullmatch(r"[0-9]{12}", env.account.id):
        yield (
            f"account.id: {env.account.id!r} is not 12 digits; "
            "`aws sts get-caller-identity` shows the account's id"
        )
    if env.account.region not in REGIONS:
        yield (
            f"account.region: {env.account.region!r} is not a region of the `aws` partition that "
            "environments/catalog.py lists; write it as in 'eu-central-1'"
        )
    copy_region = env.account.backup_copy_region
    if copy_region is not None and (
        copy_region not in REGIONS or copy_region == env.account.region
    ):
        yield (
            f"account.backup_copy_region: {copy_region!r} is not another region; name one, or None "
            "(environments/catalog.py lists them)"
        )
    yield from _ownership(env)
    yield from _repository(env.repository)
    if env.repository.deploy_environment != env.name:
        yield (
            f"repository.deploy_environment: {env.repository.deploy_environment!r} would let jobs of another "
            f"GitHub environment deploy to {env.name}; write {env.name!r}"
        )
    if isinstance(env.images, Digests) and env.images.environment != env.name:
        yield (
            f"images: they are those of {env.images.environment!r}, so a release to it would change "
            f"{env.name}; write images_of({env.name!r})"
        )


def _ownership(env: Environment) -> Iterator[str]:
    for field, text in (
        ("ownership.owner", env.ownership.owner),
        ("ownership.cost_center", env.ownership.cost_center),
    ):
        if not _TAG.fullmatch(text) or text != text.strip():
            yield (
                f"{field}: {text!r} cannot be the value of a tag; use 1 to 256 letters, digits, spaces inside, "
                "and . : / = + - @ _"
            )
    if not _EMAIL.fullmatch(env.ownership.email):
        yield f"ownership.email: {env.ownership.email!r} is not a mail address; AWS Budgets writes to it"


def _repository(repository: Repository) -> Iterator[str]:
    if not is_github_owner(repository.owner):
        yield (
            f"repository.owner: {repository.owner!r} is not a GitHub user or organisation; use at most 39 letters, "
            "digits and single hyphens"
        )
    if not is_github_repository(repository.name):
        yield (
            f"repository.name: {repository.name!r} is not a GitHub repository's name; use at most 100 letters, "
            "digits, '.', '_' and '-', without '.git' at the end"
        )
    if (
        not _BRANCH.fullmatch(repository.revision)
        or repository.revision.endswith(("/", ".", ".lock"))
        or any(part in repository.revision for part in _NOT_IN_BRANCHES)
    ):
        yield (
            f"repository.revision: {repository.revision!r} is not a branch that GitHub accepts; write its name "
            "alone, as in 'main' or 'release/2026'"
        )
    owner, name = re.escape(repository.owner), re.escape(repository.name)
    # GitHub writes both ids or none.
    if not re.fullmatch(
        rf"repo:({owner}/{name}|{owner}@[0-9]+/{name}@[0-9]+)", repository.oidc_subject
    ):
        yield (
            f"repository.oidc_subject: {repository.oidc_subject!r} is not {repository.owner}/"
            f"{repository.name}, so others could deploy; use the sub_claim_prefix of `gh api "
            f"repos/{repository.owner}/{repository.name}/actions/oidc/customization/sub`"
        )
