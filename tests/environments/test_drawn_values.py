"""Values that the rules accept render, and what is rendered is valid: environments drawn from wide ranges.

CI draws the same few in each run. `DRAWN_ENVIRONMENTS=300 pytest tests/environments/test_drawn_values.py -n 0` draws
that many others; a failure names the smallest change that causes it.
"""

import dataclasses
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import IPv4Network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import available_timezones

import kubernetes_validate
import pytest
import yaml
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import DrawFn, SearchStrategy
from yaml import CSafeLoader

from environments import catalog
from environments.capacity import general_pods
from environments.dev import DEV
from environments.images import Image
from environments.names import (
    GENERAL_POOL,
    NODE_POOL_LABEL,
    Names,
)
from environments.prod import PROD
from environments.rules import problems_of
from environments.spec import (
    CapacityType,
    Compute,
    Environment,
    Previews,
    SyncWindow,
    SyncWindowKind,
)
from evalctl.rendering import renderers
from tests.argocd.addons.test_capacity import of_manifest
from tests.environments.test_rules import FULL, changed
from tests.support.crds import is_custom, needs_crds, validate_custom_resource
from tests.support.manifests import Manifest
from tests.support.validation import terraform_accepts

# Fields and their new values. The ranges are wider than the rules, which refuse a part of what is drawn.
Changes = dict[str, Any]
Stacks = tuple[Names, Mapping[str, str]]  # an environment's names, and its stacks by path

MORE = os.environ.get("DRAWN_ENVIRONMENTS")
SEED = random.randrange(2**32) if MORE else 0
AT_ONCE = 5  # environments of one `terraform validate`, each with a provider process of its own

BASES = {env.name: env for env in (DEV, PROD)}

# The two bases differ in the first two. The rules accept only one value of the others.
NOT_DRAWN = {"tier", "promotes_from", "cluster.general.capacity_type", "addon_set"}


def numbers(least: int, most: int) -> SearchStrategy[int]:
    """Small ones as often as all."""
    return st.integers(least, min(most, least + 20)) | st.integers(least, most)


def text(pattern: str) -> SearchStrategy[str]:
    return st.from_regex(pattern, fullmatch=True)


def some(values: SearchStrategy[Any], most: int, least: int = 0) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, min_size=least, max_size=most, unique=True).map(tuple)


@st.composite
def networks(
    draw: DrawFn, inside: tuple[str, ...] = ("0.0.0.0/0",), least: int = 16, most: int = 32
) -> str:
    address = draw(st.sampled_from(inside).flatmap(lambda net: st.ip_addresses(v=4, network=net)))
    return str(IPv4Network(f"{address}/{draw(st.integers(least, most))}", strict=False))


PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


@st.composite
def computes(draw: DrawFn, most_millicores: int = 4_000, most_mib: int = 8_192) -> Compute:
    cpu = sorted(draw(st.lists(numbers(1, most_millicores), min_size=2, max_size=2)))
    memory = sorted(draw(st.lists(numbers(1, most_mib), min_size=2, max_size=2)))
    return Compute(
        cpu_request_millicores=cpu[0],
        cpu_limit_millicores=cpu[1],
        memory_request_mib=memory[0],
        memory_limit_mib=memory[1],
    )


@st.composite
def named(draw: DrawFn) -> Changes:
    name = draw(text("[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,5}){0,2}"))
    digest = text("sha256:[0-9a-f]{64}")
    return {
        "name": name,
        "repository.deploy_environment": name,
        "images": {image: draw(digest) for image in Image},
    }


@st.composite
def placed(draw: DrawFn) -> Changes:
    region = draw(st.sampled_from(sorted(catalog.REGIONS)))
    zones = st.sampled_from([region + letter for letter in catalog.REGIONS[region]])
    of_network = draw(some(zones, 4, least=2))
    copy_region = draw(st.none() | st.sampled_from(sorted(catalog.REGIONS)))
    return {
        "account.region": region,
        "network.zones": of_network,
        "cluster.general.zones": draw(some(st.sampled_from(of_network), 4, least=1)),
        "cluster.workers_spot.zones": draw(some(st.sampled_from(of_network), 4, least=1)),
        "account.backup_copy_region": copy_region,
        "backup.copy_retention_days": draw(numbers(1, 37_000)) if copy_region else 0,
    }


@st.composite
def repositories(draw: DrawFn) -> Changes:
    owner = draw(text("[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,3}"))
    name = draw(text("[A-Za-z0-9._-]{1,100}"))
    one, two = draw(st.integers(1, 10**9)), draw(st.integers(1, 10**9))
    subject = draw(st.sampled_from([f"repo:{owner}/{name}", f"repo:{owner}@{one}/{name}@{two}"]))
    return {
        "repository.owner": owner,
        "repository.name": name,
        "repository.oidc_subject": subject,
    }


@st.composite
def node_groups(draw: DrawFn, field: str, most: int, types: int) -> Changes:
    sizes = sorted(draw(st.lists(numbers(0, most), min_size=3, max_size=3)))
    first = draw(st.sampled_from(sorted(catalog.INSTANCE_TYPES)))
    alike = [
        name
        for name, size in catalog.INSTANCE_TYPES.items()
        if (size.vcpus, size.memory_gib)
        == (catalog.INSTANCE_TYPES[first].vcpus, catalog.INSTANCE_TYPES[first].memory_gib)
    ]
    return {
        f"{field}.min_size": sizes[0],
        f"{field}.desired_size": sizes[1],
        f"{field}.max_size": sizes[2],
        f"{field}.instance_types": draw(
            some(st.sampled_from(alike), 20, least=min(types, len(alike)))
        ),
    }


@st.composite
def schedules(draw: DrawFn) -> str:
    minute, hour = st.integers(0, 59).map(str), st.integers(0, 23).map(str)
    day, month = st.integers(1, 31).map(str), st.integers(1, 12).map(str) | st.just("JAN-mar")
    weekday = st.integers(0, 7).map(str) | st.sampled_from(("MON-fri", "sun", "1-5", "6,0"))
    every = st.sampled_from(("*", "?", "*/2", "*/5,7", "3/10"))
    return " ".join(draw(kind | every) for kind in (minute, hour, day, month, weekday))


WINDOWS = st.builds(
    SyncWindow,
    kind=st.sampled_from(SyncWindowKind),
    schedule=schedules(),
    duration_hours=st.integers(0, 169),
    time_zone=st.sampled_from(sorted(available_timezones())),
)
PREVIEWED = st.builds(
    Previews,
    repository_owner=text("[A-Za-z0-9]{1,39}"),
    repository_name=text("[A-Za-z0-9._-]{1,100}"),
    label=st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), min_size=1, max_size=50),
    max_age_hours=numbers(1, 336),
    workers=st.integers(1, 5),
    # Half of them with the memory that the worker's jobs need.
    worker_compute=computes(1_000, 1_024)
    | computes(1_000, 1_024).map(lambda drawn: replace(drawn, memory_limit_mib=1_024)),
    orchestrator_compute=computes(1_000, 1_024),
)
HOSTNAMES = st.builds(
    "{}.{}".format,
    st.lists(text("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"), min_size=1, max_size=6).map(".".join),
    text("[a-z]{2,12}|xn--[a-z0-9]{2,20}"),
)


@st.composite
def storages(draw: DrawFn) -> Changes:
    least, most = sorted(draw(st.lists(numbers(19, 66_000), min_size=2, max_size=2)))
    return {"database.storage_gib": least, "database.max_storage_gib": most}


@st.composite
def backoffs(draw: DrawFn) -> Changes:
    initial, most = sorted(draw(st.lists(numbers(0, 3_601), min_size=2, max_size=2)))
    calls = "worker.llm_calls"
    return {f"{calls}.initial_backoff_seconds": initial, f"{calls}.max_backoff_seconds": most}


@st.composite
def workers(draw: DrawFn) -> Changes:
    least, most = sorted(draw(st.lists(numbers(0, 120), min_size=2, max_size=2)))
    unfinished = draw(st.integers(0, 100 // max(most, 1)))
    return {
        "worker.min_replicas": least,
        "worker.max_replicas": most,
        "worker.unfinished_jobs_per_replica": unfinished,
        "worker.job_concurrency": draw(st.integers(0, unfinished)),
        "cluster.workers_spot.max_size": most,
    }


@st.composite
def metrics(draw: DrawFn) -> Changes:
    days = draw(numbers(6, 4_000))
    return {
        "monitoring.prometheus_retention_days": days,
        "monitoring.prometheus_storage_gib": days * 5 // 4 + draw(numbers(0, 65_000)),
    }


@st.composite
def clickhouses(draw: DrawFn) -> Changes:
    nodes = draw(st.sampled_from((1, 3, 5)))
    return {
        "clickhouse.nodes": nodes,
        "clickhouse.admitted_nodes": draw(st.integers(1, nodes)),
    }


TAGS = text(r"[\w .:/=+@-]{1,256}")
ROLES = text("([A-Za-z0-9_.]{1,20}/){0,3}[A-Za-z0-9+=,.@_-]{1,64}")
LOG_DAYS = st.sampled_from(sorted(catalog.LOG_RETENTION_DAYS))
DAYS = numbers(0, 37_000)
# Values that fit together only as a group are drawn as one.
GROUPS: tuple[SearchStrategy[Changes], ...] = (
    named(),
    placed(),
    repositories(),
    node_groups("cluster.general", 30, types=1),
    node_groups("cluster.workers_spot", 451, types=3),
    storages(),
    backoffs(),
    workers(),
    metrics(),
    clickhouses(),
)
FIELDS: Mapping[str, SearchStrategy[Any]] = {
    "account.id": text("[0-9]{12}"),
    "ownership.owner": TAGS,
    "ownership.cost_center": TAGS,
    "ownership.email": text(r"[A-Za-z0-9.+-]{0,20}@?[a-z0-9-]{1,20}(\.[a-z]{2,6})?"),
    "repository.revision": text("[A-Za-z0-9_-][A-Za-z0-9._/-]{0,80}"),
    "network.vpc_cidr": networks(PRIVATE, 16, 20),
    "network.nat_gateway_per_zone": st.booleans(),
    "network.interface_endpoints": some(st.sampled_from(catalog.INTERFACE_ENDPOINTS), 17),
    "network.flow_log_retention_days": LOG_DAYS,
    "cluster.kubernetes_version": st.sampled_from(sorted(catalog.EKS_VERSIONS)),
    "cluster.public_access_cidrs": some(networks(), 41),
    "cluster.private_access_cidrs": some(networks(PRIVATE), 26),
    "cluster.admin_role_names": some(ROLES, 5),
    "cluster.log_retention_days": LOG_DAYS,
    "cluster.general.disk_gib": numbers(19, 70_000),
    "cluster.workers_spot.disk_gib": numbers(19, 70_000),
    "cluster.workers_spot.capacity_type": st.sampled_from(CapacityType),
    "controller_replicas": st.integers(0, 6),
    "sync_windows": some(WINDOWS, 3),
    "database.engine_version": st.sampled_from(catalog.POSTGRES_MAJORS),
    "database.instance_class": st.sampled_from(sorted(catalog.DATABASE_CLASSES)),
    "database.max_connections": numbers(1, 6_000),
    "database.multi_az": st.booleans(),
    "database.backup_retention_days": st.integers(0, 36),
    "database.deletion_protection": st.booleans(),
    "database.performance_insights_retention_days": st.sampled_from(
        sorted(catalog.PERFORMANCE_INSIGHTS_RETENTION_DAYS)
    ),
    "database.log_retention_days": LOG_DAYS,
    "queue.engine_version": st.sampled_from(catalog.VALKEY_VERSIONS),
    "queue.node_type": st.sampled_from(sorted(catalog.CACHE_NODE_TYPES)),
    "queue.replicas": st.integers(0, 6),
    "queue.snapshot_retention_days": st.integers(0, 36),
    "queue.log_retention_days": LOG_DAYS,
    "clickhouse.version": st.builds(
        "{}.{}.{}".format,
        st.sampled_from(catalog.CLICKHOUSE_LTS),
        st.integers(0, 40),
        st.integers(0, 9_999),
    ),
    "clickhouse.instance_type": st.sampled_from(sorted(catalog.INSTANCE_TYPES)),
    "clickhouse.data_volume_gib": numbers(9, 70_000),
    "clickhouse.backup_retention_days": DAYS,
    "storage.report_retention_days": DAYS,
    "storage.noncurrent_version_retention_days": DAYS,
    "storage.access_log_retention_days": DAYS,
    "backup.daily_retention_days": st.integers(0, 36),
    "backup.monthly_retention_days": DAYS,
    "backup.vault_locked": st.booleans(),
    "secret_recovery_days": st.integers(6, 31),
    "monitoring.prometheus_replicas": st.integers(0, 6),
    "monitoring.prometheus_compute": computes(),
    "monitoring.alertmanager_replicas": st.integers(0, 6),
    "orchestrator.replicas": numbers(0, 101),
    "orchestrator.compute": computes(),
    "orchestrator.hostname": HOSTNAMES,
    "orchestrator.allowed_cidrs": some(networks(), 26),
    "worker.target_cpu_percent": st.integers(0, 101),
    "worker.compute": computes(),
    "worker.max_job_seconds": numbers(0, 90_000),
    "worker.llm_calls.provider_requests_per_minute": numbers(0, 10**7 + 1),
    "worker.llm_calls.provider_tokens_per_minute": numbers(0, 10**10 + 1),
    "worker.llm_calls.concurrency_per_worker": numbers(0, 1_001),
    "worker.llm_calls.max_attempts": st.integers(1, 21),
    "worker.llm_calls.timeout_seconds": numbers(0, 3_601),
    "objectives.availability_percent": st.floats(89, 100) | st.sampled_from((90, 99.99)),
    "objectives.provider_p95_seconds": numbers(0, 3_600),
    "objectives.daily_llm_budget_usd": numbers(0, 10**6 + 1),
    "objectives.monthly_aws_budget_usd": numbers(0, 10**6 + 1),
    "previews": st.none() | PREVIEWED,
}


@dataclass(frozen=True)
class Drawn:
    """One of the sample's environments, and the changes to it that the rules accept."""

    base: str
    changes: Changes

    @property
    def env(self) -> Environment:
        env: Environment = changed(BASES[self.base], self.changes)
        return env


def change_of(field: str) -> Callable[[object], Changes]:
    return lambda value: {field: value}


CHANGES = (*GROUPS, *(values.map(change_of(field)) for field, values in FIELDS.items()))


@st.composite
def environments(draw: DrawFn) -> Drawn:
    """About half of the fields are changed, in any order; what the rules refuse then is tried once more at the end."""
    base = draw(st.sampled_from(sorted(BASES)))
    env = BASES[base]
    kept: Changes = {}
    wanted = [draw(change) for change in draw(st.permutations(CHANGES)) if draw(st.booleans())]
    for _ in range(2):
        for changes in tuple(wanted):
            candidate = changed(env, changes)
            if not problems_of(candidate):
                env, kept = candidate, kept | changes
                wanted.remove(changes)
    return Drawn(base, kept)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, object]]:
    """Each field at any depth, with its value; a mapping, a tuple and `Compute` are one value."""
    for field in dataclasses.fields(value):
        inner, where = getattr(value, field.name), f"{path}{field.name}"
        if dataclasses.is_dataclass(inner) and not isinstance(inner, Compute | Previews):
            yield from leaves(inner, f"{where}.")
        else:
            yield where, inner


def limits(examples: int) -> settings:
    """A draw takes long, because the rules run after each change."""
    return settings(
        max_examples=int(MORE or examples),
        derandomize=MORE is None,  # the same draws in each run
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )


NO_SHRINKING = settings(limits(480), phases=[Phase.generate])


@cache  # most objects are the same in several draws
def problems_of_object(text: str, version: str) -> list[str]:
    manifest: Manifest = yaml.load(text, CSafeLoader)
    if is_custom(manifest):
        return validate_custom_resource(manifest)
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [error.message]
    return []


def manifests(files: Mapping[str, str]) -> Iterator[tuple[str, str, Manifest]]:
    """The objects that Argo CD applies; Kustomize's own files are none."""
    for path, text in files.items():
        if "/argocd-install/" not in path and not path.endswith("kustomization.yaml"):
            yield path, text, yaml.load(text, CSafeLoader)


def test_every_field_is_drawn() -> None:
    before = {name: dict(leaves(env)) for name, env in BASES.items()}
    drawn: set[str] = set()

    def fields_are_drawn(drawing: tuple[str, Changes]) -> bool:
        base, changes = drawing
        env = changed(BASES[base], changes)
        if not problems_of(env):
            drawn.update(where for where, value in leaves(env) if value != before[base][where])
        return changes.keys() <= drawn

    for change in CHANGES:
        # It draws until the rules have accepted another value of each of the change's fields.
        with suppress(NoSuchExample):
            drawings = st.tuples(st.sampled_from(sorted(BASES)), change)
            find(drawings, fields_are_drawn, settings=NO_SHRINKING)
    assert {where for where, _ in leaves(FULL)} - drawn == NOT_DRAWN


# Some program that renders raises it for itself, and Hypothesis notices.
RECURSION = pytest.mark.filterwarnings("ignore:The recursion limit will not be reset")


@pytest.mark.rehearsal
@needs_crds
@RECURSION
@limits(20)
@given(environments())
def test_what_the_rules_accept_renders_to_valid_objects(drawn: Drawn) -> None:
    env = drawn.env
    # Rendering fails where two objects would be written to one file.
    files = renderers.kubernetes(env)
    counted = {pods.name: pods for pods in general_pods(env)}
    for path, text, manifest in manifests(files):
        assert problems_of_object(text, env.cluster.kubernetes_version) == []
        # A preview's pods have the names of the environment's, and other sizes.
        if path.startswith(f"rendered/{env.name}/k8s/") and manifest["kind"] in (
            "Deployment",
            "Job",
        ):
            pod = manifest["spec"]["template"]["spec"]
            if pod["nodeSelector"] == {NODE_POOL_LABEL: GENERAL_POOL}:
                assert of_manifest(manifest) == counted[manifest["metadata"]["name"]]


@pytest.mark.rehearsal
@RECURSION
def test_what_the_rules_accept_renders_to_terraform() -> None:
    """Rendering fails where the provider's bindings refuse an argument, or two resources have one name."""
    rendered: list[Stacks] = []
    render_each(rendered.append)
    try:
        for first in range(0, len(rendered), AT_ONCE):
            accepted(rendered[first : first + AT_ONCE])
    except AssertionError:
        render_each(lambda stacks: accepted([stacks]))  # fails with the smallest change
        raise


def render_each(use: Callable[[Stacks], None]) -> None:
    """Draw environments, the same in each call, and use the stacks of each."""

    @seed(SEED)
    @settings(limits(20), derandomize=False)
    @given(environments())
    def draw(drawn: Drawn) -> None:
        use((Names(drawn.env), renderers.aws(drawn.env)))

    draw()


def accepted(environments: Sequence[Stacks]) -> None:
    with TemporaryDirectory() as folder:
        terraform_accepts(environments, Path(folder))
