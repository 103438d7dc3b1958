"""Each rule refuses the value it is about, and says what to do."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from environments.dev import DEV
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.rules import InvalidEnvironmentError, problems_of, require_sound
from environments.spec import Environment


def changed(value: Any, changes: Mapping[str, object]) -> Any:
    """A copy of a frozen value with fields replaced by their dotted path."""
    for path, new in changes.items():
        field, _, rest = path.partition(".")
        inner = changed(getattr(value, field), {rest: new}) if rest else new
        value = dataclasses.replace(value, **{field: inner})
    return value


def test_the_environments_in_the_repository_break_no_rule() -> None:
    require_sound(ENVIRONMENTS)


@pytest.mark.parametrize(
    ("env", "changes", "told"),
    [
        (DEV, {"name": "Dev_1"}, "lower-case letters"),
        (
            DEV,
            {"name": "a-name-that-is-far-too-long-for-buckets"},
            "shorten the environment's name",
        ),
        (DEV, {"account.id": "12345"}, "is not 12 digits"),
        (DEV, {"account.region": "Frankfurt"}, "is not a region"),
        (PROD, {"account.backup_copy_region": "eu-central-1"}, "is not another region"),
        (DEV, {"network.zones": ("eu-central-1a",)}, "EKS and RDS need two"),
        (DEV, {"network.zones": ("eu-central-1a",) * 2}, "listed twice"),
        (DEV, {"network.zones": ("eu-central-1a", "us-east-1a")}, "not a zone of eu-central-1"),
        (DEV, {"network.vpc_cidr": "10.10.0.0/24"}, "use /16 to /20"),
        (DEV, {"network.vpc_cidr": "10.10.0.1/16"}, "is not an IPv4 network"),
        (DEV, {"network.vpc_cidr": "8.8.0.0/16"}, "public range"),
        (DEV, {"network.vpc_cidr": "172.20.0.0/16"}, "Kubernetes services"),
        (DEV, {"orchestrator.allowed_cidrs": ("0.0.0.0/0",)}, "the whole internet"),
        (
            DEV,
            {"cluster.public_access_cidrs": ("203.0.113.0/24", "203.0.113.0/28")},
            "overlap; keep the wider one",
        ),
        (DEV, {"cluster.kubernetes_version": "1.29"}, "EKS does not support '1.29'"),
        (DEV, {"cluster.general.min_size": 3}, "minimum <= desired <= maximum"),
        (DEV, {"cluster.workers_spot.desired_size": 9}, "minimum <= desired <= maximum"),
        (DEV, {"cluster.general.instance_types": ("t3.enormous",)}, "'t3.enormous' is unknown"),
        (
            DEV,
            {"cluster.workers_spot.instance_types": ("c5.xlarge", "t3.large")},
            "use types of one shape",
        ),
        (DEV, {"clickhouse.instance_type": "z9.large"}, "'z9.large' is unknown"),
        (DEV, {"clickhouse.nodes": 2}, "Keeper quorum"),
        (DEV, {"database.instance_class": "db.t1.micro"}, "'db.t1.micro' is unknown"),
        (DEV, {"database.max_storage_gib": 21}, "no room to grow"),
        (DEV, {"queue.node_type": "cache.t1.micro"}, "'cache.t1.micro' is unknown"),
        (PROD, {"database.backup_retention_days": 7}, "production tier keeps at least"),
        (DEV, {"database.backup_retention_days": 0}, "development tier keeps at least"),
        (PROD, {"database.backup_retention_days": 60}, "AWS keeps at most 35"),
        (DEV, {"cluster.log_retention_days": 13}, "CloudWatch Logs refuses 13 days"),
        (PROD, {"database.multi_az": False}, "set it to True"),
        (PROD, {"queue.replicas": 0}, "use at least 1"),
        (PROD, {"clickhouse.nodes": 1}, "use 3"),
        (PROD, {"account.backup_copy_region": None}, "a copy in a second region"),
        (DEV, {"backup.daily_retention_days": 36}, "AWS keeps at most 35"),
        (PROD, {"backup.vault_locked": False}, "backup.vault_locked"),
        (DEV, {"repository.oidc_subject": "repo:someone/else"}, "repository.oidc_subject"),
        (DEV, {"database.engine_version": "17.6"}, "is not a major"),
        (DEV, {"queue.engine_version": "8"}, "is not major.minor"),
        (DEV, {"clickhouse.version": "26.8"}, "clickhouse.version"),
        (DEV, {"worker.resources.cpu_limit_millicores": 100}, "0 < request <= limit"),
        (DEV, {"orchestrator.resources.memory_request_mib": 9999}, "0 < request <= limit"),
        (DEV, {"worker.min_replicas": 5}, "1 <= minimum <= maximum"),
        (DEV, {"worker.llm_calls.max_attempts": 1}, "429"),
        (DEV, {"worker.max_job_seconds": 30}, "one LLM call may take"),
        (DEV, {"images.worker": "latest"}, "not a digest"),
        (DEV, {"orchestrator.hostname": "eval"}, "is not a DNS name"),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_with_what_to_do(
    env: Environment, changes: dict[str, object], told: str
) -> None:
    problems = problems_of(changed(env, changes))
    assert any(told in problem for problem in problems), problems


def test_all_broken_rules_are_told_at_once_with_the_environment_and_field() -> None:
    broken = changed(DEV, {"account.id": "1", "clickhouse.nodes": 2, "network.zones": ()})
    with pytest.raises(InvalidEnvironmentError) as refusal:
        require_sound([broken, PROD])
    told = refusal.value.problems
    assert [problem.split(": ")[:2] for problem in told] == [
        ["dev", "account.id"],
        ["dev", "network.zones"],
        ["dev", "clickhouse.nodes"],
    ]


def test_two_environments_cannot_share_a_name_or_addresses() -> None:
    with pytest.raises(InvalidEnvironmentError) as refusal:
        require_sound([DEV, DEV])
    assert any("have this name" in problem for problem in refusal.value.problems)
    assert any("overlaps" in problem for problem in refusal.value.problems)
