"""Each rule refuses a wrong value, with what to do about it."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from environments.dev import DEV
from environments.images import Image
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.rules import InvalidEnvironmentError, problems_of, require_valid
from environments.spec import Environment, SyncWindow, SyncWindowKind
from tests.support.previews import PREVIEWED, PREVIEWS

MOST = DEV.worker.max_replicas
ONE_ID = f"repo:{DEV.repository.owner}@1/{DEV.repository.name}"
PODS = DEV.orchestrator.replicas + MOST
TIMEOUT = DEV.worker.llm_calls.timeout_seconds


def changed(value: Any, changes: Mapping[str, object]) -> Any:
    """A copy of a frozen value with fields replaced by their dotted path."""
    for path, new in changes.items():
        field, _, rest = path.partition(".")
        inner = changed(getattr(value, field), {rest: new}) if rest else new
        value = dataclasses.replace(value, **{field: inner})
    return value


def window(
    *,
    schedule: str = "0 15 * * 5",
    duration_hours: int = 64,
    time_zone: str = "Europe/Berlin",
) -> SyncWindow:
    return SyncWindow(
        kind=SyncWindowKind.DENY,
        schedule=schedule,
        duration_hours=duration_hours,
        time_zone=time_zone,
    )


def test_the_environments_in_the_repository_break_no_rule() -> None:
    require_valid(ENVIRONMENTS)


def test_development_with_previews_breaks_no_rule() -> None:
    assert problems_of(PREVIEWED) == []


@pytest.mark.parametrize(
    ("env", "changes", "expected"),
    [
        (DEV, {"name": "Dev_1"}, "lower-case letters"),
        (
            DEV,
            {"name": "a-name-that-is-far-too-long-for-buckets"},
            "shorten the environment's name",
        ),
        (PROD, {"promotes_from": None}, "promotes_from: None in production"),
        (DEV, {"account.id": "12345"}, "is not 12 digits"),
        (DEV, {"account.region": "Frankfurt"}, "is not a region"),
        (DEV, {"account.region": "us-gov-west-1"}, "is not a region of the `aws` partition"),
        (DEV, {"account.region": "cn-north-1"}, "is not a region of the `aws` partition"),
        (PROD, {"account.backup_copy_region": PROD.account.region}, "is not another region"),
        (DEV, {"network.zones": DEV.network.zones[:1]}, "EKS and RDS need two"),
        (DEV, {"network.zones": DEV.network.zones[:1] * 2}, "listed twice"),
        (DEV, {"network.zones": ("xx-none-1a",)}, f"not a zone of {DEV.account.region}"),
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
        (PROD, {"cluster.private_access_cidrs": ()}, "nobody could reach the API"),
        (DEV, {"cluster.public_access_cidrs": ()}, "nobody could reach the API"),
        (PROD, {"cluster.private_access_cidrs": ("0.0.0.0/0",)}, "the whole internet"),
        (PROD, {"cluster.private_access_cidrs": ("128.0.0.0/1",)}, "or much of it"),
        (PROD, {"cluster.private_access_cidrs": ("vpn",)}, "is not an IPv4 network"),
        (
            PROD,
            {"cluster.private_access_cidrs": ("10.250.0.0/24", "10.250.0.0/28")},
            "overlap; keep the wider one",
        ),
        (DEV, {"cluster.admin_role_names": ()}, "nobody could administer the cluster"),
        (DEV, {"cluster.admin_role_names": ("Platform Admin",)}, "is not a role's name"),
        (DEV, {"cluster.admin_role_names": ("/team/PlatformAdmin",)}, "is not a role's name"),
        (DEV, {"cluster.admin_role_names": ("team/",)}, "is not a role's name"),
        (DEV, {"cluster.admin_role_names": ("a" * 65,)}, "is not a role's name"),
        (
            DEV,
            {"cluster.admin_role_names": ("arn:aws:iam::111111111111:role/PlatformAdmin",)},
            "write what follows ':role/' in its ARN",
        ),
        (
            DEV,
            {"cluster.admin_role_names": ("PlatformAdmin", "team/PlatformAdmin")},
            "'PlatformAdmin' is listed twice",
        ),
        (DEV, {"cluster.kubernetes_version": "1.29"}, "EKS does not support '1.29'"),
        (DEV, {"addon_set": "2019-01"}, "is unknown; use one of 2026-11"),
        (DEV, {"controller_replicas": 0}, "use at least 1"),
        (PROD, {"controller_replicas": 1}, "so that the loss of a node stops no controller"),
        (
            PROD,
            {"sync_windows": (window(schedule="friday"),)},
            "not a schedule of five cron fields",
        ),
        (PROD, {"sync_windows": (window(schedule="0 25 * * 5"),)}, "not a schedule"),
        (PROD, {"sync_windows": (window(schedule="0 15 * * 1-7"),)}, "not a schedule"),
        (PROD, {"sync_windows": (window(duration_hours=0),)}, "use 1 to 168"),
        (PROD, {"sync_windows": (window(time_zone="Berlin"),)}, "is not a time zone"),
        (PROD, {"sync_windows": (window(time_zone="../etc"),)}, "is not a time zone"),
        (DEV, {"cluster.general.min_size": 3}, "minimum <= desired <= maximum"),
        (DEV, {"cluster.general.zones": ()}, "list at least one of network.zones"),
        (DEV, {"cluster.general.zones": DEV.network.zones[:1] * 2}, "listed twice"),
        (DEV, {"cluster.workers_spot.zones": ("eu-west-1a",)}, "is not in network.zones"),
        # Prometheus' volume may be in the zone that has no node.
        (DEV, {"cluster.general.zones": DEV.network.zones}, "zone without a node"),
        (PROD, {"orchestrator.replicas": 2}, "list at most 2 zones"),
        (PROD, {"cluster.general.instance_types": ("m5.xlarge",)}, "list at most 2 zones"),
        (DEV, {"cluster.workers_spot.desired_size": 99}, "minimum <= desired <= maximum"),
        (DEV, {"cluster.general.instance_types": ("t3.enormous",)}, "'t3.enormous' is unknown"),
        (
            DEV,
            {"cluster.workers_spot.instance_types": ("c5.xlarge", "t3.large")},
            "use types of the same size",
        ),
        (DEV, {"clickhouse.instance_type": "z9.large"}, "'z9.large' is unknown"),
        (DEV, {"clickhouse.nodes": 2}, "Keeper quorum"),
        (DEV, {"clickhouse.admitted_nodes": 0}, "0 of 1 nodes"),
        (DEV, {"clickhouse.admitted_nodes": 2}, "2 of 1 nodes"),
        (DEV, {"database.instance_class": "db.t1.micro"}, "'db.t1.micro' is unknown"),
        (DEV, {"database.max_storage_gib": 21}, "no room to grow"),
        (DEV, {"objectives.availability_percent": 100.0}, "no team can keep a higher one"),
        (DEV, {"objectives.provider_p95_seconds": TIMEOUT}, "is never exceeded"),
        (DEV, {"objectives.daily_llm_budget_usd": 0}, "name what a day may cost"),
        (DEV, {"database.max_connections": 10}, f"is less than one for each of {PODS} pods"),
        (DEV, {"queue.node_type": "cache.t1.micro"}, "'cache.t1.micro' is unknown"),
        (PROD, {"database.backup_retention_days": 7}, "production tier keeps at least"),
        (DEV, {"database.backup_retention_days": 0}, "development tier keeps at least"),
        (PROD, {"database.backup_retention_days": 60}, "AWS keeps at most 35"),
        (DEV, {"cluster.log_retention_days": 13}, "CloudWatch Logs refuses 13 days"),
        (PROD, {"database.multi_az": False}, "set it to True"),
        (PROD, {"queue.replicas": 0}, "use at least 1"),
        (PROD, {"clickhouse.nodes": 1}, "use 3"),
        (PROD, {"clickhouse.admitted_nodes": 2}, "use at least 3"),
        (PROD, {"account.backup_copy_region": None}, "a copy in a second region"),
        (DEV, {"backup.daily_retention_days": 36}, "AWS keeps at most 35"),
        (PROD, {"backup.vault_locked": False}, "backup.vault_locked"),
        (DEV, {"repository.oidc_subject": "repo:someone/else"}, "repository.oidc_subject"),
        (DEV, {"repository.oidc_subject": ONE_ID}, "repository.oidc_subject"),
        (DEV, {"database.engine_version": "17.6"}, "is not a major"),
        (DEV, {"queue.engine_version": "8"}, "is not major.minor"),
        (DEV, {"clickhouse.version": "26.8"}, "clickhouse.version"),
        (DEV, {"worker.compute.cpu_limit_millicores": 100}, "0 < request <= limit"),
        (DEV, {"orchestrator.compute.memory_request_mib": 9999}, "0 < request <= limit"),
        (DEV, {"worker.min_replicas": MOST + 1}, "1 <= minimum <= maximum"),
        (DEV, {"worker.max_replicas": 0}, "1 <= minimum <= maximum"),
        (DEV, {"worker.waiting_jobs_per_replica": 0}, "the autoscaler divides the queue"),
        (DEV, {"worker.llm_calls.max_attempts": 1}, "429"),
        (DEV, {"worker.llm_calls.concurrency_per_worker": 0}, "use at least 1"),
        (
            PROD,
            {"worker.llm_calls.provider_requests_per_minute": 33},
            "less than one for each of 20 workers",
        ),
        (
            PROD,
            {"worker.llm_calls.provider_tokens_per_minute": 30_000},
            "less than a short call of 1000 tokens for each of 20 workers",
        ),
        (PROD, {"worker.max_replicas": 1201}, "less than one for each of 1201 workers"),
        (DEV, {"worker.max_job_seconds": 30}, "is shorter than one LLM call"),
        (DEV, {"images": {**DEV.images, Image.WORKER: "latest"}}, "not a digest"),
        (DEV, {"monitoring.prometheus_storage_gib": 5}, "use at least 9"),
        (PROD, {"monitoring.prometheus_retention_days": 7}, "production tier keeps at least"),
        (PROD, {"monitoring.prometheus_replicas": 1}, "silences no alert"),
        (PROD, {"monitoring.alertmanager_replicas": 1}, "silences no alert"),
        (DEV, {"monitoring.alertmanager_replicas": 0}, "use at least 1"),
        (
            DEV,
            {"monitoring.prometheus_compute.memory_request_mib": 9999},
            "0 < request <= limit",
        ),
        (DEV, {"orchestrator.hostname": "eval"}, "is not a DNS name"),
        (PROD, {"previews": PREVIEWS}, "previews: in production"),
        (
            PREVIEWED,
            {"previews.repository_owner": "https://github.com/a"},
            "not a GitHub repository",
        ),
        (PREVIEWED, {"previews.label": " "}, "every pull request would get a preview"),
        (PREVIEWED, {"previews.max_age_hours": 337}, "use 1 to 336"),
        (PREVIEWED, {"previews.workers": MOST + 1}, f"use 1 to {MOST}"),
        (
            PREVIEWED,
            {"previews.worker_compute.cpu_request_millicores": 0},
            "0 < request <= limit",
        ),
        (
            PREVIEWED,
            {"previews.orchestrator_compute.memory_limit_mib": 4096},
            "a preview is smaller",
        ),
    ],
)
def test_a_value_that_breaks_a_rule_is_refused_with_what_to_do(
    env: Environment, changes: dict[str, object], expected: str
) -> None:
    problems = problems_of(changed(env, changes))
    assert any(expected in problem for problem in problems), problems


@pytest.mark.parametrize(
    "role_name",
    [
        "team/eval/PlatformAdmin",
        "aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_PlatformAdmin_0123456789abcdef",
    ],
)
def test_a_role_with_a_path_may_administer_the_cluster(role_name: str) -> None:
    assert problems_of(changed(PROD, {"cluster.admin_role_names": (role_name,)})) == []


def test_all_broken_rules_are_reported_at_once_with_the_environment_and_field() -> None:
    broken = changed(DEV, {"account.id": "1", "clickhouse.nodes": 2, "network.zones": ()})
    with pytest.raises(InvalidEnvironmentError) as refusal:
        require_valid([broken, changed(PROD, {"promotes_from": "dev"})])
    assert [problem.split(": ")[:2] for problem in refusal.value.problems] == [
        ["dev", "account.id"],
        ["dev", "network.zones"],
        ["dev", "clickhouse.nodes"],
    ]


def test_two_environments_cannot_share_a_name_or_addresses() -> None:
    with pytest.raises(InvalidEnvironmentError) as refusal:
        require_valid([DEV, DEV])
    assert any("have this name" in problem for problem in refusal.value.problems)
    assert any("overlaps" in problem for problem in refusal.value.problems)


@pytest.mark.parametrize(
    ("dev_from", "prod_from", "expected"),
    [
        (None, "qa", "prod: promotes_from: there is no environment 'qa'; use one of dev, or None"),
        ("dev", "dev", "dev: promotes_from: dev from dev is a circle"),
        ("prod", "dev", "prod: promotes_from: prod from dev from prod is a circle"),
    ],
)
def test_images_are_promoted_along_chains_that_start_at_a_build(
    dev_from: str | None, prod_from: str, expected: str
) -> None:
    with pytest.raises(InvalidEnvironmentError) as refusal:
        require_valid(
            [changed(DEV, {"promotes_from": dev_from}), changed(PROD, {"promotes_from": prod_from})]
        )
    assert any(expected in problem for problem in refusal.value.problems), refusal.value.problems


def test_the_only_environment_can_only_take_images_from_builds() -> None:
    with pytest.raises(InvalidEnvironmentError) as refusal:
        require_valid([changed(DEV, {"promotes_from": "qa"})])
    assert "dev: promotes_from: there is no environment 'qa'; use None" in refusal.value.problems


@pytest.mark.parametrize("schedule", ["0 15 * * 5", "*/30 8-17 1,15 * 1-5", "5 4 * * 0"])
def test_every_schedule_that_argo_cd_can_read_is_accepted(schedule: str) -> None:
    assert problems_of(changed(PROD, {"sync_windows": (window(schedule=schedule),)})) == []
