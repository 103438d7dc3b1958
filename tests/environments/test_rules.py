"""Each rule refuses a wrong value, with what to do about it."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from environments import dev, prod
from environments.catalog import INTERFACE_ENDPOINTS
from environments.images import Image
from environments.registry import ENVIRONMENTS
from environments.rules import InvalidEnvironmentError, problems_of, require_valid
from environments.spec import CapacityType, Compute, Environment, SyncWindow, SyncWindowKind
from tests.support.previews import PREVIEWS


def changed(value: Any, changes: Mapping[str, object]) -> Any:
    """A copy of a frozen value with fields replaced by their dotted path."""
    for path, new in changes.items():
        field, _, rest = path.partition(".")
        inner = changed(getattr(value, field), {rest: new}) if rest else new
        value = dataclasses.replace(value, **{field: inner})
    return value


# Values that the cases below calculate with, whatever the committed environments have.
_SPOT = ("c5.xlarge", "c5a.xlarge", "c5d.xlarge", "c6i.xlarge", "c6a.xlarge")
_BOTH: dict[str, object] = {
    "account.region": "eu-central-1",
    "cluster.kubernetes_version": "1.35",
    "cluster.general.instance_types": ("t3.large",),
    "cluster.general.min_size": 1,
    "cluster.general.desired_size": 2,
    "cluster.general.max_size": 3,
    "cluster.workers_spot.capacity_type": CapacityType.SPOT,
    "cluster.workers_spot.instance_types": _SPOT,
    "worker.compute": Compute.of(
        cpu="1500m", cpu_limit="2000m", memory="2560Mi", memory_limit="2560Mi"
    ),
    "worker.unfinished_jobs_per_replica": 5,
    "worker.job_concurrency": 4,
    "sync_windows": (),
    "previews": None,
}
DEV: Environment = changed(
    dev.DEV,
    _BOTH
    | {
        "account.backup_copy_region": None,
        "network.vpc_cidr": "10.10.0.0/16",
        "network.zones": ("eu-central-1a", "eu-central-1b"),
        "cluster.general.zones": ("eu-central-1a",),
        "cluster.workers_spot.zones": ("eu-central-1a", "eu-central-1b"),
        "cluster.workers_spot.max_size": 2,
        "cluster.public_access_cidrs": ("203.0.113.0/24",),
        "cluster.private_access_cidrs": (),
        "controller_replicas": 1,
        "clickhouse.nodes": 1,
        "clickhouse.admitted_nodes": 1,
        "backup.daily_retention_days": 7,
        "backup.monthly_retention_days": 0,
        "backup.copy_retention_days": 0,
        "monitoring.prometheus_replicas": 1,
        "monitoring.prometheus_retention_days": 7,
        "monitoring.prometheus_storage_gib": 10,
        "monitoring.alertmanager_replicas": 1,
        "orchestrator.replicas": 1,
        "worker.min_replicas": 1,
        "worker.max_replicas": 4,
    },
)
PROD: Environment = changed(
    prod.PROD,
    _BOTH
    | {
        "account.backup_copy_region": "eu-west-1",
        "network.vpc_cidr": "10.20.0.0/16",
        "network.zones": ("eu-central-1a", "eu-central-1b", "eu-central-1c"),
        "cluster.general.zones": ("eu-central-1a", "eu-central-1b", "eu-central-1c"),
        "cluster.workers_spot.zones": ("eu-central-1a", "eu-central-1b", "eu-central-1c"),
        "cluster.workers_spot.max_size": 10,
        "cluster.public_access_cidrs": (),
        "cluster.private_access_cidrs": ("10.250.0.0/24",),
        "controller_replicas": 2,
        "clickhouse.nodes": 3,
        "clickhouse.admitted_nodes": 3,
        "monitoring.prometheus_compute": Compute.of(
            cpu="150m", cpu_limit="1000m", memory="1024Mi", memory_limit="2048Mi"
        ),
        "monitoring.prometheus_replicas": 2,
        "monitoring.alertmanager_replicas": 2,
        "orchestrator.replicas": 3,
        "orchestrator.compute": Compute.of(
            cpu="1000m", cpu_limit="2000m", memory="2048Mi", memory_limit="2048Mi"
        ),
        "worker.min_replicas": 2,
        "worker.max_replicas": 20,
        "worker.llm_calls.provider_requests_per_minute": 2_000,
        "worker.llm_calls.provider_tokens_per_minute": 800_000,
    },
)
PREVIEWED: Environment = changed(DEV, {"previews": PREVIEWS})

NETWORKS = tuple(f"203.0.{number}.0/24" for number in range(99))
MOST = DEV.worker.max_replicas
ONE_ID = f"repo:{DEV.repository.owner}@1/{DEV.repository.name}"
PODS = DEV.orchestrator.replicas + 1 + DEV.worker.most_at_once
TIMEOUT = DEV.worker.llm_calls.timeout_seconds


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
        (DEV, {"account.region": "eu-central-9"}, "is not a region"),
        (PROD, {"account.backup_copy_region": "eu-west-9"}, "is not another region"),
        (DEV, {"account.backup_copy_region": "eu-west-1"}, "0 with the copy region 'eu-west-1'"),
        (DEV, {"backup.copy_retention_days": 7}, "7 with the copy region None"),
        (DEV, {"account.id": "١٢٣٤٥٦٧٨٩٠١٢"}, "is not 12 digits"),
        (DEV, {"repository.deploy_environment": "prod"}, "let jobs of another GitHub environment"),
        (DEV, {"images": PROD.images}, "images: they are those of 'prod'"),
        (DEV, {"repository.owner": "-owner"}, "is not a GitHub user"),
        (DEV, {"repository.owner": "a--b"}, "is not a GitHub user"),
        (DEV, {"repository.owner": "a" * 40}, "is not a GitHub user"),
        (DEV, {"repository.owner": "own_er"}, "is not a GitHub user"),
        (DEV, {"repository.name": "platform.git"}, "is not a GitHub repository's name"),
        (DEV, {"repository.name": "a" * 101}, "is not a GitHub repository's name"),
        (DEV, {"repository.name": ".."}, "is not a GitHub repository's name"),
        (DEV, {"repository.name": "a/b"}, "is not a GitHub repository's name"),
        *(
            (DEV, {"repository.revision": revision}, "is not a branch that GitHub accepts")
            for revision in (
                *("", "HEAD", "refs/heads/main", "a..b", "/main", "main/", "a//b", "a/.b", "-main"),
                *("main.lock", "main.", "a b", "a~1", "a@{1}", "main^", "a:b", "a*", "b" * 245),
                "0123456789abcdef0123456789abcdef01234567",
            )
        ),
        (DEV, {"ownership.owner": ""}, "cannot be the value of a tag"),
        (DEV, {"ownership.owner": "team, platform"}, "cannot be the value of a tag"),
        (DEV, {"ownership.cost_center": "x" * 257}, "cannot be the value of a tag"),
        (DEV, {"network.zones": ("eu-central-1a", "eu-central-1d")}, "not a zone of eu-central-1"),
        (DEV, {"network.zones": ("eu-central-1a", "eu-central-1é")}, "not a zone of eu-central-1"),
        (DEV, {"network.interface_endpoints": ("ecr",)}, "'ecr' is unknown"),
        (DEV, {"network.interface_endpoints": ("",)}, "'' is unknown"),
        (DEV, {"network.interface_endpoints": ("s3",)}, "'s3' is unknown"),
        (DEV, {"network.interface_endpoints": ("sts", "sts")}, "'sts' is listed twice"),
        *(
            (DEV, {"network.vpc_cidr": cidr}, "or one that AWS refuses")
            for cidr in ("127.0.0.0/16", "169.254.0.0/16", "0.1.0.0/16", "240.0.0.0/16")
        ),
        (DEV, {"network.vpc_cidr": "100.64.0.0/16"}, "or one that AWS refuses"),
        (DEV, {"network.vpc_cidr": "198.18.0.0/16"}, "or one that AWS refuses"),
        (DEV, {"network.vpc_cidr": "172.17.0.0/16"}, "overlaps 172.17.0.0/16"),
        (DEV, {"network.vpc_cidr": "10.10.0.0/255.255.0.0"}, "is not an IPv4 network"),
        (DEV, {"network.vpc_cidr": "10.10.0.0"}, "is not an IPv4 network"),
        (DEV, {"orchestrator.allowed_cidrs": ()}, "would admit everybody"),
        (DEV, {"cluster.public_access_cidrs": ("10.0.0.0/24",)}, "10.0.0.0/24 is private"),
        (PROD, {"cluster.private_access_cidrs": (PROD.network.vpc_cidr,)}, "every pod could reach"),
        (PROD, {"cluster.private_access_cidrs": ("10.0.0.0/8",)}, "every pod could reach"),
        (DEV, {"cluster.public_access_cidrs": NETWORKS[:41]}, "AWS has room for 40"),
        (DEV, {"orchestrator.allowed_cidrs": NETWORKS[:26]}, "AWS has room for 25"),
        (DEV, {"cluster.general.capacity_type": CapacityType.SPOT}, "use CapacityType.ON_DEMAND"),
        (DEV, {"cluster.workers_spot.instance_types": ("c5.xlarge", "c6i.xlarge")}, "at least 3"),
        (DEV, {"cluster.workers_spot.instance_types": ("c5.xlarge",) * 3}, "is listed twice"),
        (DEV, {"cluster.workers_spot.instance_types": ("c5.xlarge",) * 21}, "EKS allows 20"),
        (DEV, {"cluster.workers_spot.zones": ("eu-central-1a",)}, "list two"),
        (
            DEV,
            {
                "worker.compute.memory_request_mib": 8000,
                "worker.compute.memory_limit_mib": 8000,
            },
            "worker.compute: 1500m and 8000 MiB fit on no node of cluster.workers_spot",
        ),
        (DEV, {"worker.compute.cpu_request_millicores": 4000}, "fit on no node"),
        (
            PROD,
            {"worker.max_replicas": 40},
            "worker.max_replicas: 40, but 10 nodes of cluster.workers_spot hold 2 each; raise its max_size to 20",
        ),
        (
            PROD,
            {"worker.max_replicas": 40},
            "worker.unfinished_jobs_per_replica: 5; the last of 40 workers would start at 200 unfinished jobs",
        ),
        (PROD, {"worker.unfinished_jobs_per_replica": 6}, "at 100; use at most 5"),
        (PROD, {"cluster.general.max_size": 2}, "no room for all of 3 orchestrator"),
        (
            PROD,
            {"orchestrator.compute.cpu_request_millicores": 1800},
            "3 nodes with 1740m and 6493 MiB each have no room for all of 3 orchestrator with 1800m",
        ),
        (PROD, {"monitoring.alertmanager_replicas": 4}, "alertmanagerSpec with 15m"),
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
        *(
            (PROD, {"sync_windows": (window(schedule=schedule),)}, "is not a schedule")
            for schedule in (
                *("* * * *", "0 0 * * * *", "@daily", "60 * * * *", "*/0 * * * *", "5-1 * * * *"),
                *(
                    "1,,2 * * * *",
                    "0 0 0 * *",
                    "0 0 32 * *",
                    "0 0 * 13 *",
                    "0 0 * 0 *",
                    "0 0 * * 7",
                ),
                *("0 0 * * monday", "0 0 * foo *", "1/2/3 * * * *", "1-2-3 * * * *", "-1 * * * *"),
                *("٣ 0 * * *", "TZ=UTC 0 0 * * *"),
            )
        ),
        (PROD, {"sync_windows": (window(schedule="0 0 30 2 *"),)}, "so it never starts"),
        (PROD, {"sync_windows": (window(schedule="0 0 31 4,6 ?"),)}, "so it never starts"),
        (PROD, {"sync_windows": (window(schedule="0 0 31 4,6 1,*"),)}, "so it never starts"),
        (PROD, {"sync_windows": (window(), window(time_zone="UTC"))}, "is listed twice"),
        (PROD, {"sync_windows": (window(time_zone="Europe"),)}, "is not a time zone"),
        (PROD, {"sync_windows": (window(time_zone="x" * 300),)}, "is not a time zone"),
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
        (DEV, {"objectives.monthly_aws_budget_usd": 0}, "name what AWS may bill in a month"),
        (DEV, {"ownership.email": "platform-team"}, "is not a mail address"),
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
        (DEV, {"database.engine_version": "99"}, "is not a major that RDS supports"),
        (DEV, {"database.engine_version": "\u0661\u0667"}, "is not a major that RDS supports"),
        (DEV, {"queue.engine_version": "8"}, "is not major.minor"),
        (DEV, {"queue.engine_version": "99.9"}, "is not major.minor of a Valkey"),
        (DEV, {"clickhouse.version": "26.8"}, "clickhouse.version"),
        (DEV, {"clickhouse.version": "26.7.1.1"}, "is not a package of a release with long-term"),
        (DEV, {"clickhouse.version": "26.3.9.8"}, "is not a package of a release with long-term"),
        (DEV, {"clickhouse.version": "٢٦.8.1.1"}, "is not a package of a release with long-term"),
        (DEV, {"storage.report_retention_days": 0}, "use at least 1"),
        (DEV, {"storage.report_retention_days": -1}, "use at least 1"),
        (DEV, {"backup.monthly_retention_days": -1}, "use at least 0"),
        (DEV, {"backup.monthly_retention_days": 3}, "less than the daily backups' 7"),
        (DEV, {"worker.compute.cpu_limit_millicores": 100}, "0 < request <= limit"),
        (DEV, {"orchestrator.compute.memory_request_mib": 9999}, "0 < request <= limit"),
        (DEV, {"worker.min_replicas": MOST + 1}, "1 <= minimum <= maximum"),
        (DEV, {"worker.max_replicas": 0}, "1 <= minimum <= maximum"),
        (
            DEV,
            {"worker.unfinished_jobs_per_replica": 0},
            "the autoscaler divides the unfinished jobs",
        ),
        (DEV, {"worker.job_concurrency": 0}, "worker.job_concurrency: 0; use at least 1"),
        (DEV, {"worker.job_concurrency": 9}, "use at most as many jobs as calls"),
        (DEV, {"worker.job_concurrency": 6}, "workers that get no job; use at least 6"),
        (
            DEV,
            {"worker.compute.memory_request_mib": 500, "worker.compute.memory_limit_mib": 500},
            "worker.compute: 500 MiB of memory, but the worker needs 320 MiB and 64 MiB for each of 4 jobs",
        ),
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
        *(
            (DEV, {"orchestrator.hostname": hostname}, "is not a DNS name")
            for hostname in (
                *("eval", "", "eval..example.com", "-eval.example.com", "eval-.example.com"),
                *("Eval.example.com", "eval_1.example.com", "eval.example.c", "eval.example.c0m"),
                *("a" * 64 + ".example.com", "a." * 60 + "exampless", "eval.example.com."),
                *("eval.٣.com", "eval.bücher.de", "eval.example.xn--", "192.168.0.1"),
            )
        ),
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


def with_each(value: Any, kind: type, new: Callable[[Any], object]) -> Iterator[tuple[str, Any]]:
    """A copy for each field of that type, at any depth, with a new value; and the field."""
    for field in dataclasses.fields(value):
        old = getattr(value, field.name)
        if type(old) is kind:
            yield field.name, dataclasses.replace(value, **{field.name: new(old)})
        elif dataclasses.is_dataclass(old):
            for path, copy in with_each(old, kind, new):
                yield f"{field.name}.{path}", dataclasses.replace(value, **{field.name: copy})
        elif isinstance(old, tuple) and old and type(old[0]) is kind:
            yield field.name, dataclasses.replace(value, **{field.name: (new(old[0]), *old[1:])})
        elif isinstance(old, tuple) and old and dataclasses.is_dataclass(old[0]):
            for path, copy in with_each(old[0], kind, new):
                place = f"{field.name}.{path}"
                yield place, dataclasses.replace(value, **{field.name: (copy, *old[1:])})


# Everything that an environment can have.
FULL = changed(
    PREVIEWED,
    {"sync_windows": PROD.sync_windows, "network.interface_endpoints": ("sts",)},
)


@pytest.mark.parametrize("number", [-1, 10**12])
def test_every_number_has_a_least_and_a_most(number: int) -> None:
    fields = list(with_each(FULL, int, lambda _: number))
    assert len(fields) > 50
    accepted = [field for field, env in fields if not problems_of(env)]
    assert accepted == []


@pytest.mark.parametrize(
    "addition", ["${path.root}", "%{ if x }", "{{ .Values }}", "\n", "\t", "\0"]
)
def test_no_string_has_a_template_or_a_line_break(addition: str) -> None:
    fields = list(with_each(FULL, str, lambda text: text + addition))
    assert len(fields) > 25
    for field, env in fields:
        head = field.partition(".")[0]
        assert any(
            problem.startswith(head) and problem.endswith("; remove it")
            for problem in problems_of(env)
        ), field


def test_digits_of_other_scripts_are_no_digits() -> None:
    eastern = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    free = {"ownership.owner", "ownership.cost_center", "previews.label"}
    accepted = [
        field
        for field, env in with_each(FULL, str, lambda text: (text + "7").translate(eastern))
        if field not in free and not problems_of(env)
    ]
    assert accepted == []


@pytest.mark.parametrize(
    "changes",
    [
        {"orchestrator.hostname": "eval.example.xn--p1ai"},
        {"orchestrator.hostname": "xn--bcher-kva.example.xn--vermgensberatung-pwb"},
        {"orchestrator.hostname": "a" * 63 + ".example.com"},
        {"orchestrator.hostname": "a." * 60 + "examples"},  # 128 characters
        {"clickhouse.data_volume_gib": 65_536},
        {"repository.revision": "release/2026-11_a.b"},
        {"ownership.owner": "Köln / Platform"},
        {"account.region": "us-east-1", "network.zones": ("us-east-1e", "us-east-1f")},
        {"network.interface_endpoints": INTERFACE_ENDPOINTS},
        {"network.vpc_cidr": "192.168.16.0/20"},
        {"clickhouse.version": "26.8.2.7"},
        {"account.backup_copy_region": "eu-west-1", "backup.copy_retention_days": 7},
        {"cluster.general.instance_types": ("m5.xlarge",)},
    ],
    ids=str,
)
def test_a_value_that_works_is_accepted(changes: Mapping[str, object]) -> None:
    zones = changes.get("network.zones", DEV.network.zones)
    assert isinstance(zones, tuple)
    placed = {"cluster.general.zones": zones[:1], "cluster.workers_spot.zones": zones}
    assert problems_of(changed(DEV, {**placed, **changes})) == []


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
    ("changes", "expected"),
    [
        (
            {"orchestrator.hostname": DEV.orchestrator.hostname},
            f"prod: orchestrator.hostname: '{DEV.orchestrator.hostname}' is also that of dev",
        ),
        (
            {"account.id": DEV.account.id},
            f"prod: account.id: {DEV.account.id} is also that of dev. The delivery stack of each creates the "
            "identity provider token.actions.githubusercontent.com",
        ),
    ],
)
def test_two_environments_cannot_share_a_hostname_or_an_account(
    changes: Mapping[str, object], expected: str
) -> None:
    with pytest.raises(InvalidEnvironmentError) as refusal:
        require_valid((DEV, changed(PROD, changes)))
    assert any(problem.startswith(expected) for problem in refusal.value.problems)


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


@pytest.mark.parametrize(
    "schedule",
    [
        *("0 15 * * 5", "*/30 8-17 1,15 * 1-5", "5 4 * * 0", "0 0 * JAN-mar MON,fri", "? ? ? ? ?"),
        *("3/10 * * * *", "0 0 31 2 1", "0 0 31 2 */2", "0 0 29 2 *", "0  0 * * *"),
    ],
)
def test_every_schedule_that_argo_cd_can_read_is_accepted(schedule: str) -> None:
    assert problems_of(changed(PROD, {"sync_windows": (window(schedule=schedule),)})) == []
