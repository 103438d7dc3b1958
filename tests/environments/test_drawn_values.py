"""Values that the rules accept render, and what is rendered is valid: environments drawn from many choices."""

import json
from functools import cache
from random import Random

import kubernetes_validate
import pytest
import yaml
from yaml import CSafeLoader

from environments.capacity import general_pods
from environments.dev import DEV
from environments.names import GENERAL_POOL, NODE_POOL_LABEL
from environments.prod import PROD
from environments.rules import problems_of
from environments.spec import Compute, Environment
from evalctl.rendering import renderers
from tests.argocd.addons.test_capacity import of_manifest
from tests.environments.test_rules import changed, window
from tests.support.crds import is_custom
from tests.support.manifests import Manifest
from tests.support.previews import PREVIEWS

DRAWN = 20
SPOT = ("c5.xlarge", "c5a.xlarge", "c5d.xlarge", "c6a.xlarge", "c6i.xlarge", "c7i.xlarge")
# Each draw changes some of these, one after the other; what the rules refuse is left out.
CHOICES: dict[str, tuple[object, ...]] = {
    "name": ("qa", "staging-2", "x"),
    "network.vpc_cidr": ("10.64.0.0/18", "172.30.0.0/16", "192.168.0.0/20"),
    "network.nat_gateway_per_zone": (True, False),
    "network.interface_endpoints": ((), ("sts",), ("secretsmanager", "sts", "ec2")),
    "network.flow_log_retention_days": (7, 30, 365, 731),
    "cluster.kubernetes_version": ("1.35", "1.36"),
    "cluster.public_access_cidrs": ((), ("198.51.100.0/24", "203.0.113.0/28")),
    "cluster.private_access_cidrs": ((), ("10.250.0.0/24", "10.251.0.0/24")),
    "cluster.admin_role_names": (("team/Admin",), ("Admin", "Second")),
    "cluster.general.instance_types": (("m6i.large",), ("m5.xlarge",), ("t3.large", "t3a.large")),
    "cluster.general.min_size": (1, 2, 3),
    "cluster.general.max_size": (3, 4, 9),
    "cluster.general.disk_gib": (20, 100),
    "cluster.workers_spot.instance_types": (SPOT[:3], SPOT[3:], SPOT),
    "cluster.workers_spot.max_size": (2, 10, 20, 60),
    "worker.waiting_jobs_per_replica": (1, 2, 5, 20),
    "worker.max_replicas": (1, 3, 20, 40),
    "worker.max_job_seconds": (300, 3600, 20_000),
    "worker.compute": (
        Compute.of(cpu="500m", cpu_limit="1000m", memory="1024Mi", memory_limit="1024Mi"),
        Compute.of(cpu="3000m", cpu_limit="3500m", memory="4096Mi", memory_limit="5000Mi"),
    ),
    "worker.target_cpu_percent": (50, 95),
    "worker.llm_calls.concurrency_per_worker": (1, 32),
    "worker.llm_calls.provider_requests_per_minute": (100, 50_000),
    "controller_replicas": (1, 2, 3),
    "sync_windows": ((), (window(),), (window(schedule="0 3 * JAN-jun MON-fri"),)),
    "database.engine_version": ("14", "16", "18"),
    "database.instance_class": ("db.r7g.xlarge", "db.m6g.large"),
    "database.storage_gib": (20, 400),
    "database.max_storage_gib": (600, 65_536),
    "database.max_connections": (100, 5_000),
    "database.multi_az": (True, False),
    "queue.engine_version": ("7.2", "8.0", "8.2"),
    "queue.node_type": ("cache.r7g.large", "cache.t4g.medium"),
    "queue.replicas": (0, 1, 2, 5),
    "clickhouse.nodes": (1, 3, 5),
    "clickhouse.admitted_nodes": (1, 3, 5),
    "clickhouse.instance_type": ("m7i.large", "r6i.xlarge"),
    "clickhouse.data_volume_gib": (10, 16_384),
    "storage.report_retention_days": (1, 3650),
    "backup.monthly_retention_days": (0, 365, 3650),
    "monitoring.prometheus_replicas": (1, 2, 3),
    "monitoring.alertmanager_replicas": (1, 2, 3),
    "monitoring.prometheus_storage_gib": (10, 100, 1000),
    "orchestrator.replicas": (1, 2, 3, 5),
    "orchestrator.hostname": ("a.example.xn--p1ai", "eval.internal.example.org"),
    "orchestrator.allowed_cidrs": (("10.0.0.0/8", "192.0.2.0/24"), ("198.51.100.0/24",)),
    "objectives.availability_percent": (90, 99.9),
    "objectives.provider_p95_seconds": (1, 60),
    "objectives.daily_llm_budget_usd": (1, 100_000),
    "previews": (None, PREVIEWS),
}


def drawn(seed: int) -> Environment:
    """Development or production with about half of the fields changed to values that the rules accept."""
    random = Random(seed)
    env: Environment = random.choice((DEV, PROD))
    fields = list(CHOICES)
    random.shuffle(fields)
    for field in fields:
        changes: dict[str, object] = {field: random.choice(CHOICES[field])}
        if field == "name":
            changes["repository.deploy_environment"] = changes["name"]
            changes["images"] = dict(env.images)
        if random.random() < 0.7 and not problems_of(changed(env, changes)):
            env = changed(env, changes)
    return env


@cache  # most objects are the same in several draws
def valid_object(text: str, version: str) -> Manifest:
    manifest: Manifest = yaml.load(text, CSafeLoader)
    if not is_custom(manifest):
        kubernetes_validate.validate(manifest, version, strict=True)
    return manifest


def test_the_draws_differ_in_every_field() -> None:
    draws = [drawn(seed) for seed in range(DRAWN)]
    for field in CHOICES:
        values = []
        for env in draws:
            value: object = env
            for part in field.split("."):
                value = getattr(value, part)
            values.append(value)
        assert any(value != values[0] for value in values), field


@pytest.mark.rehearsal
@pytest.mark.parametrize("seed", range(DRAWN))
def test_what_the_rules_accept_renders_to_valid_objects(seed: int) -> None:
    env = drawn(seed)
    assert problems_of(env) == []

    # Rendering fails where two objects clash, and where the provider's bindings refuse an argument.
    stacks = renderers.aws(env)
    files = renderers.kubernetes(env)

    assert all(json.loads(text) for path, text in stacks.items() if path.endswith(".json"))
    apps = [
        valid_object(text, env.cluster.kubernetes_version)
        for path, text in files.items()
        if path.startswith(f"rendered/{env.name}/k8s/")
    ]
    counted = {pods.name: pods for pods in general_pods(env)}
    for workload in (manifest for manifest in apps if manifest["kind"] in ("Deployment", "Job")):
        if workload["spec"]["template"]["spec"]["nodeSelector"] == {NODE_POOL_LABEL: GENERAL_POOL}:
            assert of_manifest(workload) == counted[workload["metadata"]["name"]]
