"""The restore drill's role does what the script does, on one scratch instance, and nothing else."""

import re

import pytest

from environments.names import POSTGRES_DATABASE, RESTORE_DRILL, RESTORED_STORES, Names, Stack
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from stacks.parts.clickhouse_node import settings
from tests.stacks.parts.fake_node import node_files
from tests.stacks.policies import allowed, boundary_statements, statements, trust_statements
from tests.support.each_environment import EACH_ENVIRONMENT
from tests.support.paths import ROOT
from tests.support.terraform import Body, Stacks

SCRIPTS = ROOT / "stacks" / "parts" / "clickhouse_node" / "scripts"
ROLE = "restore-drill-role"


class Resources:
    """ARNs of one environment."""

    def __init__(self, env: Environment) -> None:
        names, account = Names(env), env.account
        rds = f"arn:aws:rds:{account.region}:{account.id}"
        self.scratch = f"{rds}:db:{names.aws(RESTORE_DRILL)}"
        self.live = f"{rds}:db:{names.aws('postgres')}"
        self.snapshot = f"{rds}:snapshot:rds:{names.aws('postgres')}-2026-11-28-01-10"
        self.groups = (
            f"{rds}:subgrp:{names.aws('postgres')}",
            f"{rds}:pg:{names.aws(f'postgres{env.database.engine_version}')}",
            f"{rds}:og:default:postgres-{env.database.engine_version}",
        )
        self.role = names.role_arn(names.aws(RESTORE_DRILL))


def drill(terraform: Stacks, env: Environment) -> list[Body]:
    return statements(terraform[env.name][Stack.CLICKHOUSE], ROLE)


def may(found: list[Body], action: str, resource: str) -> bool:
    return allowed(found, action, resource=resource, request={})


@EACH_ENVIRONMENT
def test_the_role_may_make_each_call_of_the_script(terraform: Stacks, env: Environment) -> None:
    own = Resources(env)
    calls = {
        "ec2 describe-security-groups": ("ec2:DescribeSecurityGroups", ("*",)),
        "rds describe-db-snapshots": ("rds:DescribeDBSnapshots", (own.live, own.snapshot)),
        "rds describe-db-instances": ("rds:DescribeDBInstances", (own.scratch,)),
        "rds restore-db-instance-from-db-snapshot": (
            "rds:RestoreDBInstanceFromDBSnapshot",
            (own.scratch, own.snapshot, *own.groups),
        ),
        "rds modify-db-instance": ("rds:ModifyDBInstance", (own.scratch,)),
        "rds delete-db-instance": ("rds:DeleteDBInstance", (own.scratch,)),
    }
    script = (SCRIPTS / "drill-postgres.sh").read_text()
    assert set(re.findall(r"\bdrill ((?:rds|ec2) [a-z-]+)", script)) == calls.keys()
    found = drill(terraform, env)
    for action, resources in calls.values():
        for resource in resources:
            assert may(found, action, resource), f"{action} on {resource}"


@EACH_ENVIRONMENT
def test_the_role_can_change_no_other_instance_and_no_snapshot(
    terraform: Stacks, env: Environment
) -> None:
    own, found = Resources(env), drill(terraform, env)
    changes = {
        action
        for statement in found
        for action in statement["Action"]
        if not action.startswith(("rds:Describe", "ec2:Describe", "kms:"))
    }
    assert changes == {
        "rds:AddTagsToResource",
        "rds:DeleteDBInstance",
        "rds:ModifyDBInstance",
        "rds:RestoreDBInstanceFromDBSnapshot",
    }
    for action in changes:
        assert not may(found, action, own.live)
    for action in changes - {"rds:RestoreDBInstanceFromDBSnapshot"}:
        assert not may(found, action, own.snapshot)
    assert not may(found, "rds:RestoreDBInstanceFromDBSnapshot", f"{own.scratch}-2")


@EACH_ENVIRONMENT
def test_the_role_uses_only_the_databases_key_and_only_through_rds(
    terraform: Stacks, env: Environment
) -> None:
    account, names = env.account, Names(env)
    key = f"arn:aws:kms:{account.region}:{account.id}:key/1"

    def decrypts(alias: str, service: str) -> bool:
        return allowed(
            drill(terraform, env),
            "kms:Decrypt",
            resource=key,
            request={
                "kms:ResourceAliases": [f"alias/{names.aws(alias)}"],
                "kms:ViaService": f"{service}.{account.region}.amazonaws.com",
            },
        )

    assert decrypts("postgres", "rds")
    assert not decrypts("secrets", "rds")
    assert not decrypts("postgres", "secretsmanager")


@EACH_ENVIRONMENT
def test_only_the_first_node_becomes_this_role(terraform: Stacks, env: Environment) -> None:
    stack, own = terraform[env.name][Stack.CLICKHOUSE], Resources(env)
    first = stack.resource("aws_iam_role", "role-1")["name"]
    (trusted,) = trust_statements(stack, ROLE)
    assert trusted["Principal"] == {"AWS": f"arn:aws:iam::{env.account.id}:root"}
    principal = {"aws:PrincipalArn": Names(env).role_arn(first)}
    assert trusted["Condition"] == {"StringEquals": principal}
    for index in range(1, env.clickhouse.nodes + 1):
        node = statements(stack, f"role-{index}")
        assert may(node, "sts:AssumeRole", own.role) is (index == 1)
    bounded = boundary_statements(terraform[env.name][Stack.STATE])
    for name, expected in ((first, True), ("other", False)):
        request = {"aws:PrincipalArn": Names(env).role_arn(name)}
        for role, is_drill in ((own.role, True), (Names(env).role_arn("other"), False)):
            may_become = allowed(bounded, "sts:AssumeRole", resource=role, request=request)
            assert may_become is (expected and is_drill)


@EACH_ENVIRONMENT
def test_the_scripts_names_are_those_of_the_resources(terraform: Stacks, env: Environment) -> None:
    lines = node_files(Names(env))[settings.ENVIRONMENT_FILE].splitlines()
    values = dict(line.split("=", 1) for line in lines)
    clickhouse = terraform[env.name][Stack.CLICKHOUSE]
    database = terraform[env.name][Stack.DATABASE]
    group = clickhouse.resource("aws_security_group", "restore-drill-security-group")
    assert values["DRILL_INSTANCE"] == group["name"]
    assert values["DRILL_ROLE"].endswith(f"/{clickhouse.resource('aws_iam_role', ROLE)['name']}")
    assert values["POSTGRES_INSTANCE"] == database.only("aws_db_instance")["identifier"]
    assert values["POSTGRES_INSTANCE"] == database.only("aws_db_subnet_group")["name"]
    assert values["POSTGRES_PARAMETERS"] == database.only("aws_db_parameter_group")["name"]


@pytest.mark.parametrize("store", RESTORED_STORES)
def test_each_store_has_a_weekly_drill_that_only_the_first_node_runs(store: str) -> None:
    files = node_files(Names(ENVIRONMENTS[0]))
    unit = f"drill-{ {'ClickHouse': 'clickhouse', 'PostgreSQL': 'postgres'}[store] }"
    timer = files[f"/etc/systemd/system/clickhouse-{unit}.timer"]
    assert f"Unit=clickhouse-task@{unit}.service" in timer
    assert "OnCalendar=Tue " in timer
    script = files[f"{settings.SCRIPT_FOLDER}/{unit}.sh"]
    assert script.rstrip().endswith(f"proven {store}")
    setup = files[f"{settings.SCRIPT_FOLDER}/setup.sh"]
    assert '[ "$NODE_INDEX" = 1 ]' in setup.split("clickhouse-drill-")[0].splitlines()[-1]


def test_the_tables_that_the_drill_reads_are_the_programs() -> None:
    migrations = "".join(
        file.read_text() for file in (ROOT / "workload/migrations/versions").glob("*.py")
    )
    for each in settings.POSTGRES_ROWS:
        table, _, column = each.removeprefix(f"{POSTGRES_DATABASE}.").partition(":")
        (definition,) = re.findall(rf"CREATE TABLE {table} \((.*?)\);", migrations, re.DOTALL)
        assert re.search(rf"\b{column} timestamptz NOT NULL", definition)
