"""The job queue: it keeps its jobs, and its one user can neither look around nor empty it."""

import json
import subprocess
from collections.abc import Callable, Iterator

import pytest

from environments.names import REDIS_APP_USER, REDIS_QUEUE_KEY, Stack
from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from stacks.queue_user import ACCESS
from tests import tools
from tests.stacks.test_database import minutes_of
from tests.terraform import Body, Terraform

Stacks = dict[str, dict[Stack, Terraform]]
each_environment = pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
by_name = pytest.mark.parametrize("name", ["dev", "prod"])


def group_of(stacks: Stacks, name: str) -> Body:
    return stacks[name][Stack.QUEUE].only("aws_elasticache_replication_group")


def template_of(stacks: Stacks, name: str) -> Body:
    template: Body = json.loads(
        stacks[name][Stack.QUEUE].only("aws_cloudformation_stack")["template_body"]
    )
    return template


def test_production_queue_survives_a_zone_loss(terraform: Stacks) -> None:
    group = group_of(terraform, "prod")
    assert group["num_cache_clusters"] >= 2
    assert group["multi_az_enabled"] is True
    assert group["automatic_failover_enabled"] is True
    assert (
        len(terraform["prod"][Stack.QUEUE].only("aws_elasticache_subnet_group")["subnet_ids"]) > 1
    )


@each_environment
def test_failover_is_asked_for_where_there_is_a_replica_and_nowhere_else(
    terraform: Stacks, env: Environment
) -> None:
    """AWS refuses it for a single node."""
    group = group_of(terraform, env.name)
    assert group["num_cache_clusters"] == 1 + env.queue.replicas
    assert group["multi_az_enabled"] is (env.queue.replicas > 0)
    assert group["automatic_failover_enabled"] is (env.queue.replicas > 0)


@by_name
def test_a_full_queue_refuses_new_jobs_and_never_drops_old_ones(
    terraform: Stacks, name: str
) -> None:
    parameters = terraform[name][Stack.QUEUE].only("aws_elasticache_parameter_group")
    assert {"name": "maxmemory-policy", "value": "noeviction"} in parameters["parameter"]
    used = group_of(terraform, name)["parameter_group_name"]
    assert used == "${aws_elasticache_parameter_group.parameter-group.name}"


@by_name
def test_only_the_cluster_reaches_the_queue(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.QUEUE]
    rule = stack.only("aws_vpc_security_group_ingress_rule")
    assert "cluster_security_group_id" in rule["referenced_security_group_id"]
    assert not rule.keys() & {"cidr_ipv4", "cidr_ipv6", "prefix_list_id"}
    assert (rule["from_port"], rule["to_port"]) == (6379, 6379)
    assert not stack.resources("aws_vpc_security_group_egress_rule")
    assert group_of(terraform, name)["security_group_ids"] == [
        "${aws_security_group.security-group.id}"
    ]
    subnets = stack.only("aws_elasticache_subnet_group")["subnet_ids"]
    assert all("data-subnet" in subnet for subnet in subnets)


@by_name
def test_jobs_are_encrypted_on_the_wire_and_on_disk(terraform: Stacks, name: str) -> None:
    group = group_of(terraform, name)
    assert group["transit_encryption_enabled"] is True
    assert group["transit_encryption_mode"] == "required"
    assert group["at_rest_encryption_enabled"] == "true"
    assert group["kms_key_id"] == "${aws_kms_key.key.arn}"


@by_name
def test_the_one_user_is_let_in_with_a_password_that_terraform_never_sees(
    terraform: Stacks, name: str
) -> None:
    stack = terraform[name][Stack.QUEUE]
    (user,) = template_of(terraform, name)["Resources"].values()
    assert user["Properties"]["NoPasswordRequired"] is False
    assert user["Properties"]["Passwords"] == [
        "{{resolve:secretsmanager:${aws_secretsmanager_secret_version.redis-user.secret_id}"
        ":SecretString:password::${aws_secretsmanager_secret_version.redis-user.version_id}}}"
    ], "the version has to be in it, or a new password is no change to CloudFormation"
    assert not stack.resources("aws_elasticache_user")
    users = stack.only("aws_elasticache_user_group")
    assert users["user_ids"] == ['${aws_cloudformation_stack.user.outputs["UserId"]}']
    group = group_of(terraform, name)
    assert group["user_group_ids"] == ["${aws_elasticache_user_group.user-group.user_group_id}"]
    assert "auth_token" not in group


@each_environment
def test_snapshots_are_kept_as_long_as_the_environment_says(
    terraform: Stacks, env: Environment
) -> None:
    group = group_of(terraform, env.name)
    assert group["snapshot_retention_limit"] == env.queue.snapshot_retention_days > 0
    _, snapshot_ends = minutes_of(group["snapshot_window"])
    maintenance_starts, _ = minutes_of(group["maintenance_window"])
    assert snapshot_ends < maintenance_starts
    assert group["apply_immediately"] is False


def test_database_and_queue_are_not_in_maintenance_at_once(terraform: Stacks) -> None:
    instance = terraform["prod"][Stack.DATABASE].only("aws_db_instance")
    _, database_ends = minutes_of(instance["maintenance_window"])
    queue_starts, _ = minutes_of(group_of(terraform, "prod")["maintenance_window"])
    assert database_ends < queue_starts


@each_environment
def test_slow_and_engine_logs_go_to_encrypted_groups_that_expire(
    terraform: Stacks, env: Environment
) -> None:
    groups = terraform[env.name][Stack.QUEUE].resources("aws_cloudwatch_log_group")
    for group in groups.values():
        assert group["retention_in_days"] == env.queue.log_retention_days
        assert group["kms_key_id"] == "${aws_kms_key.key.arn}"
    delivered = group_of(terraform, env.name)["log_delivery_configuration"]
    assert {log["log_type"]: log["destination"] for log in delivered} == {
        log: f"${{aws_cloudwatch_log_group.{log}-group.name}}" for log in ("slow-log", "engine-log")
    }


@by_name
def test_pods_get_the_address_of_today_and_the_user_that_elasticache_knows(
    terraform: Stacks, name: str
) -> None:
    stack = terraform[name][Stack.QUEUE]
    connection = stack.resource("aws_secretsmanager_secret_version", "redis")
    host = "aws_elasticache_replication_group.replication-group.primary_endpoint_address"
    assert json.loads(connection["secret_string_wo"]) == {
        "host": f"${{{host}}}",
        "port": str(group_of(terraform, name)["port"]),
        "tls": "true",
    }
    assert host in connection["secret_string_wo_version"], "a new address is written by itself"
    user = stack.resource("aws_secretsmanager_secret_version", "redis-user")
    fields = json.loads(user["secret_string_wo"])
    assert fields.keys() == {"username", "password"}
    assert fields["username"] == REDIS_APP_USER


Permission = Callable[[str], str]


@pytest.fixture(scope="module")
def permission(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Permission]:
    """What a real server, version 7 or newer, says about a command that the user would run."""
    get_it = "install Redis 7 or newer (Debian: redis-server)"
    server, client = (tools.program(name, get_it=get_it) for name in ("redis-server", "redis-cli"))
    folder = tmp_path_factory.mktemp("redis")
    socket = folder / "socket"
    options = ("--port", "0", "--save", "", "--dir", str(folder), "--unixsocket", str(socket))

    def ask(*words: str) -> str:
        asked = subprocess.run(
            [client, "-s", str(socket), *words], capture_output=True, text=True, check=True
        )
        return asked.stdout.strip()

    with subprocess.Popen([server, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("eady to accept connections" in line for line in process.stdout)
        try:
            assert ask("ACL", "SETUSER", REDIS_APP_USER, *ACCESS.split(), ">a-password") == "OK"
            yield lambda command: ask("ACL", "DRYRUN", REDIS_APP_USER, *command.split())
        finally:
            process.terminate()


@pytest.mark.parametrize(
    "command",
    [
        f"LPUSH {REDIS_QUEUE_KEY} job",
        f"LLEN {REDIS_QUEUE_KEY}",
        f"BLMOVE {REDIS_QUEUE_KEY} eval:taken LEFT RIGHT 5",
        "XREADGROUP GROUP workers one STREAMS eval:stream >",
        "ZADD eval:later 1 job",
        "SET eval:lock me",
        "MULTI",
        "EVALSHA abc 1 eval:lock",
        "PUBLISH eval:done job",
        "TIME",
        "INFO",
        "PING",
    ],
)
def test_the_user_can_do_what_a_queue_needs(permission: Permission, command: str) -> None:
    assert permission(command) == "OK"


@pytest.mark.parametrize(
    "command",
    [
        "FLUSHALL",
        "FLUSHDB",
        "SWAPDB 0 1",
        "KEYS eval:x",
        "GET other:key",
        "PUBLISH other:channel x",
        "CONFIG GET maxmemory-policy",
        "CONFIG SET maxmemory-policy allkeys-lru",
        "ACL LIST",
        "ACL SETUSER someone on",
        "CLIENT LIST",
        "CLIENT KILL 127.0.0.1:1",
        "MONITOR",
        "SLOWLOG GET",
        "DEBUG SLEEP 1",
        "SHUTDOWN",
        "SAVE",
        "REPLICAOF elsewhere 6379",
        "MIGRATE elsewhere 6379 eval:jobs 0 1",
        "FUNCTION FLUSH",
        "MODULE LIST",
    ],
)
def test_the_user_cannot_empty_reconfigure_or_spy(permission: Permission, command: str) -> None:
    assert "no permissions" in permission(command)


@by_name
def test_elasticache_gets_the_access_that_was_tried(terraform: Stacks, name: str) -> None:
    (user,) = template_of(terraform, name)["Resources"].values()
    assert user["Properties"]["AccessString"] == ACCESS
    assert user["Properties"]["UserName"] == REDIS_APP_USER
