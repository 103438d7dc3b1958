"""The job queue: it evicts no job, and its users have only the access they need."""

import json
import re
import shlex
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from argocd.addons.redis_exporter import FLAGS
from environments.names import REDIS_APP_USER, REDIS_METRICS_USER, REDIS_QUEUE_KEY, Secret, Stack
from environments.queue_users import (
    ALLOWED_EXAMPLES,
    APPLICATION,
    KEY_PREFIX,
    METRICS,
    REFUSED_EXAMPLES,
)
from environments.spec import Environment
from evalctl.servers import free_port
from tests.stacks.test_database import minutes_of
from tests.support import tools
from tests.support.each_environment import EACH_ENVIRONMENT, EACH_NAME
from tests.support.terraform import Body, Stacks


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


@EACH_ENVIRONMENT
def test_failover_is_enabled_if_and_only_if_there_is_a_replica(
    terraform: Stacks, env: Environment
) -> None:
    """AWS refuses it for a single node."""
    group = group_of(terraform, env.name)
    assert group["num_cache_clusters"] == 1 + env.queue.replicas
    assert group["multi_az_enabled"] is (env.queue.replicas > 0)
    assert group["automatic_failover_enabled"] is (env.queue.replicas > 0)


@EACH_NAME
def test_a_full_queue_refuses_new_jobs_and_evicts_none(terraform: Stacks, name: str) -> None:
    parameters = terraform[name][Stack.QUEUE].only("aws_elasticache_parameter_group")
    assert {"name": "maxmemory-policy", "value": "noeviction"} in parameters["parameter"]
    used = group_of(terraform, name)["parameter_group_name"]
    assert used == "${aws_elasticache_parameter_group.parameter-group.name}"


@EACH_NAME
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


@EACH_NAME
def test_jobs_are_encrypted_in_transit_and_at_rest(terraform: Stacks, name: str) -> None:
    group = group_of(terraform, name)
    assert group["transit_encryption_enabled"] is True
    assert group["transit_encryption_mode"] == "required"
    assert group["at_rest_encryption_enabled"] == "true"
    assert group["kms_key_id"] == "${aws_kms_key.key.arn}"


@EACH_NAME
def test_each_user_has_a_password_that_is_not_in_the_state(terraform: Stacks, name: str) -> None:
    stack = terraform[name][Stack.QUEUE]
    template = template_of(terraform, name)
    for id_, entry in (("User", Secret.REDIS_USER), ("MetricsUser", Secret.REDIS_METRICS_USER)):
        user = template["Resources"][id_]["Properties"]
        version = f"aws_secretsmanager_secret_version.{entry}"
        assert user["NoPasswordRequired"] is False
        assert user["Passwords"] == [
            f"{{{{resolve:secretsmanager:${{{version}.secret_id}}"
            f":SecretString:password::${{{version}.version_id}}}}}}"
        ], "the version has to be in it, or a new password is no change to CloudFormation"
    assert not stack.resources("aws_elasticache_user")
    users = stack.only("aws_elasticache_user_group")
    assert users["user_ids"] == [
        f'${{aws_cloudformation_stack.user.outputs["{id_}Id"]}}' for id_ in template["Resources"]
    ]
    group = group_of(terraform, name)
    assert group["user_group_ids"] == ["${aws_elasticache_user_group.user-group.user_group_id}"]
    assert "auth_token" not in group


@EACH_ENVIRONMENT
def test_snapshots_are_kept_as_long_as_configured(terraform: Stacks, env: Environment) -> None:
    group = group_of(terraform, env.name)
    assert group["snapshot_retention_limit"] == env.queue.snapshot_retention_days > 0
    _, snapshot_ends = minutes_of(group["snapshot_window"])
    maintenance_starts, _ = minutes_of(group["maintenance_window"])
    assert snapshot_ends < maintenance_starts
    assert group["apply_immediately"] is False


def test_maintenance_windows_of_database_and_queue_do_not_overlap(terraform: Stacks) -> None:
    instance = terraform["prod"][Stack.DATABASE].only("aws_db_instance")
    _, database_ends = minutes_of(instance["maintenance_window"])
    queue_starts, _ = minutes_of(group_of(terraform, "prod")["maintenance_window"])
    assert database_ends < queue_starts


@EACH_ENVIRONMENT
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


@EACH_NAME
def test_pods_get_the_current_address_and_the_user_that_elasticache_has(
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
    assert host in connection["secret_string_wo_version"], (
        "a new address is written without a new rotation"
    )
    user = stack.resource("aws_secretsmanager_secret_version", "redis-user")
    fields = json.loads(user["secret_string_wo"])
    assert fields.keys() == {"username", "password"}
    assert fields["username"] == REDIS_APP_USER


@dataclass(frozen=True)
class Server:
    """A real server, version 7 or newer, with the queue's users."""

    address: str
    redis_cli: Callable[..., str]


Permission = Callable[[str], str]
PASSWORD = "a-password"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    get_it = "install Redis 7 or newer (Debian: redis-server)"
    program, client = (tools.program(name, get_it=get_it) for name in ("redis-server", "redis-cli"))
    folder = tmp_path_factory.mktemp("redis")
    unix_socket, port = folder / "socket", str(free_port())
    listen = ("--bind", "127.0.0.1", "--port", port, "--unixsocket", str(unix_socket))
    options = (*listen, "--save", "", "--dir", str(folder))

    def redis_cli(*words: str) -> str:
        result = subprocess.run(
            [client, "-s", str(unix_socket), *words], capture_output=True, text=True, check=True
        )
        return result.stdout.strip()

    with subprocess.Popen([program, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert any("eady to accept connections" in line for line in process.stdout)
        try:
            for user in (APPLICATION, METRICS):
                words = (*user.access.split(), f">{PASSWORD}")
                assert redis_cli("ACL", "SETUSER", user.name, *words) == "OK"
            yield Server(f"127.0.0.1:{port}", redis_cli)
        finally:
            process.terminate()


@pytest.fixture
def permission(server: Server) -> Permission:
    """The server's result of a dry run of a command as the application's user."""
    return lambda command: server.redis_cli("ACL", "DRYRUN", REDIS_APP_USER, *command.split())


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
def test_the_user_can_run_the_commands_of_a_queue(permission: Permission, command: str) -> None:
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
def test_the_user_cannot_empty_the_store_change_its_configuration_or_see_other_clients(
    permission: Permission, command: str
) -> None:
    assert "no permissions" in permission(command)


def answer(server: Server, command: str) -> str:
    """What the server answers to a command of the application's user."""
    login = ("--user", REDIS_APP_USER, "--pass", PASSWORD, "--no-auth-warning")
    return server.redis_cli(*login, *shlex.split(command))


@pytest.mark.parametrize("command", ALLOWED_EXAMPLES)
def test_what_the_page_shows_as_allowed_runs(server: Server, command: str) -> None:
    assert not re.search("NOPERM|ERR", answer(server, command))


@pytest.mark.parametrize("command", REFUSED_EXAMPLES)
def test_what_the_page_shows_as_refused_is_refused(server: Server, command: str) -> None:
    assert "NOPERM" in answer(server, command)


def test_every_pattern_but_the_rules_own_is_refused(permission: Permission) -> None:
    assert permission(f"PSUBSCRIBE {KEY_PREFIX}*") == "OK"
    assert "no permissions" in permission(f"PSUBSCRIBE {KEY_PREFIX}jobs*")


@pytest.mark.parametrize(
    "command",
    [
        f"LRANGE {REDIS_QUEUE_KEY} 0 -1",
        f"LPOP {REDIS_QUEUE_KEY}",
        f"DEL {REDIS_QUEUE_KEY}",
        "LLEN eval:results",
        "SCAN 0",
        "CONFIG GET maxmemory-policy",
        "CLIENT LIST",
        "SLOWLOG GET",
        "EVAL return_1 0",
        "FLUSHALL",
    ],
)
def test_the_metrics_user_reads_no_job_and_changes_nothing(server: Server, command: str) -> None:
    assert "no permissions" in server.redis_cli(
        "ACL", "DRYRUN", REDIS_METRICS_USER, *command.split()
    )


def test_the_exporter_counts_waiting_jobs_as_the_metrics_user(server: Server) -> None:
    program = tools.program(
        "prometheus-redis-exporter", get_it="install Debian's prometheus-redis-exporter"
    )
    server.redis_cli("DEL", REDIS_QUEUE_KEY)  # the page's examples add to it
    for job in range(3):
        server.redis_cli("LPUSH", REDIS_QUEUE_KEY, str(job))
    arguments = [f"--{flag}={value}" for flag, value in FLAGS.items()]
    web = f"127.0.0.1:{free_port()}"
    environment = {
        "REDIS_ADDR": f"redis://{REDIS_METRICS_USER}:{PASSWORD}@{server.address}",
        "REDIS_EXPORTER_WEB_LISTEN_ADDRESS": web,
    }
    with subprocess.Popen([program, *arguments], env=environment) as process:
        try:
            metrics = _scrape(f"http://{web}/metrics")
        finally:
            process.terminate()
            server.redis_cli("DEL", REDIS_QUEUE_KEY)
    assert re.search(r"^redis_up 1$", metrics, re.MULTILINE)
    waiting = rf'^redis_key_size\{{db="db0",key="{REDIS_QUEUE_KEY}"\}} 3$'
    assert re.search(waiting, metrics, re.MULTILINE)


def _scrape(address: str) -> str:
    for _ in range(50):
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                text: str = response.read().decode()
                return text
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{address} does not answer")


@EACH_NAME
def test_elasticache_gets_the_access_rules_that_the_server_tests_check(
    terraform: Stacks, name: str
) -> None:
    resources = template_of(terraform, name)["Resources"]
    for user in (APPLICATION, METRICS):
        properties = resources[user.id]["Properties"]
        assert properties["AccessString"] == user.access
        assert properties["UserName"] == user.name
