"""What each kind of job in GitHub Actions may do."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from environments.images import WORKLOAD_IMAGES, Image
from environments.names import (
    APPLIED_BY_PEOPLE,
    RESTORE_DRILL,
    STATE_STACKS_BUCKETS,
    Bucket,
    Names,
    Secret,
    Stack,
    delivery_roles,
)
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from tests.support.each_environment import EACH_ENVIRONMENT, EACH_NAME
from tests.support.terraform import Stacks, Terraform

GITHUB = "token.actions.githubusercontent.com"
INLINE_POLICY_LIMIT = 10_240  # characters without white space, all inline policies of a role (IAM)


def statements(stack: Terraform, role: str) -> list[dict[str, Any]]:
    body = stack.resource("aws_iam_role_policy", f"{role}-role-policy")
    found: list[dict[str, Any]] = json.loads(body["policy"])["Statement"]
    return found


def trusted(stack: Terraform, role: str) -> dict[str, Any]:
    body = stack.resource("aws_iam_role", f"{role}-role")
    (statement,) = json.loads(body["assume_role_policy"])["Statement"]
    assert isinstance(statement, dict)
    return statement


def effects(stack: Terraform, role: str, action: str, resource: str) -> set[str]:
    """Allow, Deny or both: the effects on a request in the environment's region."""
    return {
        statement["Effect"]
        for statement in statements(stack, role)
        if "StringNotEquals" not in statement.get("Condition", {})
        and any(fnmatchcase(action, pattern) for pattern in statement["Action"])
        and any(fnmatchcase(resource, pattern) for pattern in statement["Resource"])
    }


@EACH_ENVIRONMENT
@pytest.mark.parametrize("role", ["plan", "inspect", "deploy"])
def test_each_role_trusts_one_kind_of_job_of_one_repository(
    terraform: Stacks, env: Environment, role: str
) -> None:
    occasion = {
        "plan": "pull_request",
        "inspect": f"ref:refs/heads/{env.repository.revision}",
        "deploy": f"environment:{env.repository.deploy_environment}",
    }[role]
    statement = trusted(terraform[env.name][Stack.DELIVERY], role)
    assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    # Equality, because a wildcard in the subject could match other repositories.
    assert statement["Condition"] == {
        "StringEquals": {
            f"{GITHUB}:aud": "sts.amazonaws.com",
            f"{GITHUB}:sub": f"{env.repository.oidc_subject}:{occasion}",
        }
    }


@EACH_ENVIRONMENT
def test_only_the_environment_that_takes_images_from_builds_has_a_role_that_pushes_them(
    terraform: Stacks, env: Environment
) -> None:
    stack = terraform[env.name][Stack.DELIVERY]
    has_role = "images-role" in stack.resources("aws_iam_role")
    assert has_role == (env.promotes_from is None)
    if has_role:
        subject = trusted(stack, "images")["Condition"]["StringEquals"][f"{GITHUB}:sub"]
        assert subject == f"{env.repository.oidc_subject}:ref:refs/heads/{env.repository.revision}"


@EACH_ENVIRONMENT
def test_the_role_of_builds_pushes_to_the_repositories_of_their_images_and_does_nothing_else(
    terraform: Stacks, env: Environment, names: dict[str, Names]
) -> None:
    if env.promotes_from is not None:
        return
    stack, own = terraform[env.name][Stack.DELIVERY], names[env.name]
    login, push = statements(stack, "images")
    assert login["Action"] == ["ecr:GetAuthorizationToken"]
    assert push["Resource"] == [own.image_repository_arn(image) for image in WORKLOAD_IMAGES]
    assert all(action.startswith("ecr:") for action in push["Action"])
    for action in ("ecr:BatchDeleteImage", "ecr:SetRepositoryPolicy", "ecr:PutImageTagMutability"):
        assert effects(stack, "images", action, own.image_repository_arn(Image.WORKER)) == set()
    other = own.image_repository_arn(Image.POSTGRES_CLIENT)
    assert effects(stack, "images", "ecr:PutImage", other) == set()
    made = terraform[env.name][Stack.REGISTRY].resources("aws_ecr_repository").values()
    made_names = {repository["name"] for repository in made}
    assert {arn.partition("repository/")[2] for arn in push["Resource"]} <= made_names


@EACH_NAME
@pytest.mark.parametrize("role", ["plan", "inspect"])
def test_roles_that_need_no_approval_can_only_read(terraform: Stacks, name: str, role: str) -> None:
    allowed = [
        action.partition(":")[2]
        for statement in statements(terraform[name][Stack.DELIVERY], role)
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    ]
    assert allowed
    # AWS Budgets has one action to read a budget, and it has none of the usual names.
    reading = ("Describe", "Get", "List", "Decrypt", "ViewBudget")
    assert all(action.startswith(reading) for action in allowed)


@EACH_NAME
@pytest.mark.parametrize("bucket", [bucket for bucket in Bucket if bucket != Bucket.STATE])
@pytest.mark.parametrize("role", ["plan", "inspect", "deploy"])
def test_neither_role_reads_or_writes_users_data(
    terraform: Stacks, names: dict[str, Names], name: str, role: str, bucket: Bucket
) -> None:
    stack = terraform[name][Stack.DELIVERY]
    stored = f"{names[name].bucket_arn(bucket)}/some/object"
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"):
        assert effects(stack, role, action, stored) == set()


@EACH_NAME
def test_every_secret_value_is_denied_to_the_plan_role(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.DELIVERY]
    for action in ("secretsmanager:GetSecretValue", "secretsmanager:BatchGetSecretValue"):
        assert effects(stack, "plan", action, "*") == {"Deny"}


@EACH_NAME
def test_a_refresh_reads_only_secrets_that_terraform_wrote(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    stack, account = terraform[name][Stack.DELIVERY], names[name].env.account
    written = [
        version
        for other in terraform[name].values()
        for version in other.resources("aws_secretsmanager_secret_version")
    ]
    prefix = f"arn:aws:secretsmanager:{account.region}:{account.id}:secret:{name}/eval-platform"
    read = {
        secret
        for secret in Secret
        if effects(stack, "inspect", "secretsmanager:GetSecretValue", f"{prefix}/{secret}-AbCdEf")
        == {"Allow"}
    }
    assert len(read) == len(written)
    assert not read & {Secret.LLM_KEYS, Secret.SLACK_WEBHOOKS, Secret.CLICKHOUSE_CA_KEY}


@EACH_NAME
@pytest.mark.parametrize("bucket", list(Bucket))
def test_a_refresh_can_list_every_bucket(
    terraform: Stacks, names: dict[str, Names], name: str, bucket: Bucket
) -> None:
    """HeadBucket needs the right to list: in plans of `main`, for drift and for a deploy."""
    stack, arn = terraform[name][Stack.DELIVERY], names[name].bucket_arn(bucket)
    for role in ("inspect", "deploy"):
        assert effects(stack, role, "s3:ListBucket", arn) == {"Allow"}


@EACH_ENVIRONMENT
def test_deploys_cannot_read_or_change_the_operators_secrets(
    terraform: Stacks, env: Environment
) -> None:
    stack = terraform[env.name][Stack.DELIVERY]
    account = env.account
    prefix = f"arn:aws:secretsmanager:{account.region}:{account.id}:secret:{env.name}/eval-platform"
    for action in ("secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"):
        for entry in ("llm-keys", "slack-webhooks"):
            assert "Deny" in effects(stack, "deploy", action, f"{prefix}/{entry}-AbCdEf")
        assert effects(stack, "deploy", action, f"{prefix}/postgres-AbCdEf") == {"Allow"}


@EACH_ENVIRONMENT
def test_deploys_cannot_give_others_access_to_the_operators_secrets(
    terraform: Stacks, env: Environment, names: dict[str, Names]
) -> None:
    stack, own, account = terraform[env.name][Stack.DELIVERY], names[env.name], env.account
    entry = f"{env.name}/eval-platform/llm-keys-AbCdEf"
    secret = f"arn:aws:secretsmanager:{account.region}:{account.id}:secret:{entry}"
    for action in ("PutResourcePolicy", "ReplicateSecretToRegions", "DeleteSecret"):
        assert "Deny" in effects(stack, "deploy", f"secretsmanager:{action}", secret)
    # A deploy can neither change who assumes the role that reads them, nor replace the role.
    reader = own.role_arn(own.aws("external-secrets"))
    for action in ("iam:UpdateAssumeRolePolicy", "iam:DeleteRole"):
        assert "Deny" in effects(stack, "deploy", action, reader)


@EACH_ENVIRONMENT
def test_deploys_add_only_the_cluster_administrators_that_the_environment_names(
    terraform: Stacks, env: Environment
) -> None:
    stack = terraform[env.name][Stack.DELIVERY]
    (entries,) = (s for s in statements(stack, "deploy") if "eks:CreateAccessEntry" in s["Action"])
    assert entries["Effect"] == "Deny"
    assert "eks:AssociateAccessPolicy" in entries["Action"]
    named = [
        body["principal_arn"]
        for body in terraform[env.name][Stack.CLUSTER].resources("aws_eks_access_entry").values()
    ]
    assert entries["Condition"] == {"StringNotEquals": {"eks:principalArn": named}}


def key_of(stack: Terraform) -> str:
    """Where the stack's backend keeps its state in the bucket."""
    key = stack.json["terraform"]["backend"]["s3"]["key"]
    assert isinstance(key, str)
    return key


@EACH_NAME
@pytest.mark.parametrize("deployed", [s for s in Stack if s not in (Stack.STATE, Stack.DELIVERY)])
def test_a_deploy_can_write_and_lock_a_state_and_cannot_delete_it(
    terraform: Stacks, names: dict[str, Names], name: str, deployed: Stack
) -> None:
    stack = terraform[name][Stack.DELIVERY]
    state = f"{names[name].bucket_arn(Bucket.STATE)}/{key_of(terraform[name][deployed])}"
    for written in (state, f"{state}.tflock"):
        assert effects(stack, "deploy", "s3:PutObject", written) == {"Allow"}
    assert effects(stack, "deploy", "s3:DeleteObject", f"{state}.tflock") == {"Allow"}
    assert effects(stack, "deploy", "s3:DeleteObject", state) == set()
    assert effects(stack, "deploy", "s3:DeleteObjectVersion", state) == set()
    assert effects(stack, "plan", "s3:PutObject", f"{state}.tflock") == set()


@EACH_NAME
@pytest.mark.parametrize("manual", [Stack.STATE, Stack.DELIVERY])
def test_no_deploy_writes_or_locks_a_state_that_only_an_administrator_applies(
    terraform: Stacks, names: dict[str, Names], name: str, manual: Stack
) -> None:
    """`terraform init` installs and runs the providers that a state names."""
    stack = terraform[name][Stack.DELIVERY]
    state = f"{names[name].bucket_arn(Bucket.STATE)}/{key_of(terraform[name][manual])}"
    for action in ("s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion"):
        for key in (state, f"{state}.tflock"):
            found = effects(stack, "deploy", action, key)
            assert "Deny" in found, (action, key)  # also where another policy allows it later
    assert effects(stack, "deploy", "s3:PutObject", state) == {"Deny"}
    # Nor by a role that a deploy makes: the boundary denies the whole bucket to all of them.
    boundary = json.loads(terraform[name][Stack.STATE].only("aws_iam_policy")["policy"])
    denied = [
        s
        for s in boundary["Statement"]
        if s["Effect"] == "Deny"
        and any(fnmatchcase("s3:PutObject", pattern) for pattern in s["Action"])
        and any(fnmatchcase(state, pattern) for pattern in s["Resource"])
    ]
    assert denied


@EACH_NAME
def test_a_deploy_writes_no_object_of_the_state_bucket_that_is_no_stacks_state(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    stack, bucket = terraform[name][Stack.DELIVERY], names[name].bucket_arn(Bucket.STATE)
    for key in ("other.tfstate", "env:/dev/state.tfstate", "state", "a/network.tfstate"):
        assert effects(stack, "deploy", "s3:PutObject", f"{bucket}/{key}") == set()


EACH_ROLE = pytest.mark.parametrize(
    ("name", "role"),
    [(env.name, role) for env in ENVIRONMENTS for role in delivery_roles(env)],
)


@EACH_ROLE
@pytest.mark.parametrize(
    "action",
    ["iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:DeleteRole"],
)
def test_the_deploy_role_cannot_change_who_may_deploy_or_what_a_deploy_may_do(
    terraform: Stacks, names: dict[str, Names], name: str, role: str, action: str
) -> None:
    stack, own = terraform[name][Stack.DELIVERY], names[name]
    assert "Deny" in effects(stack, "deploy", action, own.role_arn(own.aws(role)))
    assert effects(stack, "deploy", action, own.role_arn(own.aws("flow-logs"))) == {"Allow"}


@EACH_NAME
@pytest.mark.parametrize(
    "action",
    [
        *("iam:CreateRole", "iam:PutRolePermissionsBoundary"),
        *("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        *("iam:PutRolePolicy", "iam:DeleteRolePolicy"),
    ],
)
def test_the_deploy_role_changes_policies_only_of_roles_with_the_boundary(
    terraform: Stacks, names: dict[str, Names], name: str, action: str
) -> None:
    allowing = [
        s
        for s in statements(terraform[name][Stack.DELIVERY], "deploy")
        if s["Effect"] == "Allow" and any(fnmatchcase(action, p) for p in s["Action"])
    ]
    bounded = {"StringEquals": {"iam:PermissionsBoundary": names[name].boundary_arn}}
    assert [s["Condition"] for s in allowing] == [bounded]


@EACH_NAME
def test_the_deploy_role_cannot_remove_or_change_the_boundary(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    stack, own = terraform[name][Stack.DELIVERY], names[name]
    away = "iam:DeleteRolePermissionsBoundary"
    assert effects(stack, "deploy", away, own.role_arn(own.aws("flow-logs"))) == {"Deny"}
    for action in ("CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy"):
        assert effects(stack, "deploy", f"iam:{action}", own.boundary_arn) == {"Deny"}
    for action in ("CreatePolicy", "CreatePolicyVersion", "SetDefaultPolicyVersion"):
        other = own.boundary_arn.replace("boundary", "other")
        assert effects(stack, "deploy", f"iam:{action}", other) == set()


@EACH_NAME
def test_the_deploy_role_makes_only_roles_of_this_platform_and_no_access_keys(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    stack, own = terraform[name][Stack.DELIVERY], names[name]
    assert effects(stack, "deploy", "iam:PutRolePolicy", own.role_arn("PlatformAdmin")) == set()
    assert effects(stack, "deploy", "iam:CreateAccessKey", "*") == {"Deny"}
    passing = [s for s in statements(stack, "deploy") if s["Action"] == ["iam:PassRole"]]
    assert all("iam:PassedToService" in s["Condition"]["StringEquals"] for s in passing)
    assert len(passing) == 1


@EACH_NAME
def test_the_deploy_role_can_make_every_role_of_every_stack_and_pass_it_to_its_service(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    delivery, own = terraform[name][Stack.DELIVERY], names[name]
    (passing,) = (s for s in statements(delivery, "deploy") if s["Action"] == ["iam:PassRole"])
    services = passing["Condition"]["StringEquals"]["iam:PassedToService"]
    roles = [
        role
        for stack in terraform[name].values()
        if stack is not delivery
        for role in stack.resources("aws_iam_role").values()
    ]
    assert roles
    for role in roles:
        assert effects(delivery, "deploy", "iam:CreateRole", own.role_arn(role["name"])) == {
            "Allow"
        }
        (trust,) = json.loads(role["assume_role_policy"])["Statement"]
        if role["name"] == own.aws(RESTORE_DRILL):  # another role assumes it; no service gets it
            assert trust["Principal"].keys() == {"AWS"}
        else:
            assert set(trust["Principal"]["Service"]) <= set(services)


@EACH_ENVIRONMENT
def test_a_deploy_changes_only_the_environments_regions(
    terraform: Stacks, env: Environment
) -> None:
    regions = [region for region in (env.account.region, env.account.backup_copy_region) if region]
    found = statements(terraform[env.name][Stack.DELIVERY], "deploy")
    for effect, operator in (("Allow", "StringEquals"), ("Deny", "StringNotEquals")):
        (services,) = (
            s["Action"]
            for s in found
            if s["Effect"] == effect
            and s.get("Condition") == {operator: {"aws:RequestedRegion": regions}}
        )
        assert {"ec2:*", "eks:*", "kms:*", "rds:*"} <= set(services)


@EACH_NAME
def test_a_deploy_cannot_change_the_state_stack(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    stack = terraform[name][Stack.DELIVERY]
    for bucket in STATE_STACKS_BUCKETS:
        arn = names[name].bucket_arn(bucket)
        for action in ("s3:PutBucketPolicy", "s3:PutBucketVersioning", "s3:DeleteBucket"):
            assert "Deny" in effects(stack, "deploy", action, arn)


@EACH_NAME
def test_another_bucket_needs_no_change_of_what_people_apply(
    terraform: Stacks, names: dict[str, Names], name: str
) -> None:
    for manual in APPLIED_BY_PEOPLE:
        rendered = json.dumps(terraform[name][manual].json)
        named = {bucket for bucket in Bucket if names[name].bucket(bucket) in rendered}
        assert named <= set(STATE_STACKS_BUCKETS)
    another = f"arn:aws:s3:::{names[name].prefix}-drafts-{names[name].env.account.id}"
    stack = terraform[name][Stack.DELIVERY]
    for action in ("CreateBucket", "PutBucketPolicy", "PutLifecycleConfiguration", "DeleteBucket"):
        assert effects(stack, "deploy", f"s3:{action}", another) == {"Allow"}
    for role in ("inspect", "deploy"):
        assert effects(stack, role, "s3:ListBucket", another) == {"Allow"}


@EACH_NAME
@pytest.mark.parametrize("role", ["plan", "inspect", "deploy"])
def test_policies_fit_into_a_role_and_sessions_end(terraform: Stacks, name: str, role: str) -> None:
    stack = terraform[name][Stack.DELIVERY]
    body = stack.resource("aws_iam_role_policy", f"{role}-role-policy")
    compact = json.dumps(json.loads(body["policy"]), separators=(",", ":"))
    assert len(compact) < INLINE_POLICY_LIMIT
    assert stack.resource("aws_iam_role", f"{role}-role")["max_session_duration"] <= 7200
