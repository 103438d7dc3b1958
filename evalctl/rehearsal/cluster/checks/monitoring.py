"""Whether the operator takes every monitor and rule, and the real Prometheus and Alertmanager load the result."""

import asyncio
import gzip
import json
import shutil
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.core_v1 import ConfigMap

from environments.names import MONITORING_NAMESPACE, PLATFORM
from evalctl.rehearsal.cluster import discovery
from evalctl.rehearsal.cluster.checks import targets
from evalctl.rehearsal.cluster.checks.targets import Wanted
from evalctl.rehearsal.cluster.cluster import Cluster
from evalctl.rehearsal.cluster.data import secret_data
from evalctl.rehearsal.cluster.discovery import Discovered
from evalctl.rehearsal.cluster.result import Result, result
from evalctl.servers import NotStartedError, free_port, is_healthy, running, started_in_thread

_GROUP = "monitoring.coreos.com"
# Each kind with what the operator begins the names of its jobs with.
_MONITORS = {
    create_namespaced_resource(_GROUP, "v1", "ServiceMonitor", "servicemonitors"): "serviceMonitor",
    create_namespaced_resource(_GROUP, "v1", "PodMonitor", "podmonitors"): "podMonitor",
    create_namespaced_resource(_GROUP, "v1alpha1", "ScrapeConfig", "scrapeconfigs"): "scrapeConfig",
}
_RULE = create_namespaced_resource(_GROUP, "v1", "PrometheusRule", "prometheusrules")
_PROMETHEUS = create_namespaced_resource(_GROUP, "v1", "Prometheus", "prometheuses")
_ALERTMANAGER = create_namespaced_resource(_GROUP, "v1", "Alertmanager", "alertmanagers")
# Our boards. Those of the chart also select by jobs that EKS does not have.
_BOARDS = {"grafana_dashboard": "1", "app.kubernetes.io/part-of": PLATFORM}
_MOUNT = "/etc/prometheus/"
TARGET_SECONDS = 60
_ROUND_SECONDS = 1


@dataclass(frozen=True, kw_only=True)
class Written:
    """What the operator wrote for one Prometheus."""

    name: str
    configuration: dict[str, Any]
    rules: Mapping[str, str]  # text by file name
    assets: Mapping[str, bytes]

    @property
    def jobs(self) -> list[str]:
        return [str(job["job_name"]) for job in self.configuration.get("scrape_configs", [])]


async def check(cluster: Cluster, *, target_seconds: int = TARGET_SECONDS) -> list[Result]:
    """All results of this question."""
    found = [await written(cluster, name) for name in await _names(cluster, _PROMETHEUS)]
    results = [await _taken(cluster, found)]
    for each in found:
        results.append(await _loaded(cluster, each, target_seconds))
    results += [await _routes(cluster, name) for name in await _names(cluster, _ALERTMANAGER)]
    return results


async def written(cluster: Cluster, name: str) -> Written:
    """The operator's output for a Prometheus; nothing of what it has not written yet."""
    secret = await _secret(cluster, f"prometheus-{name}")
    rules: dict[str, str] = {}
    async for config_map in cluster.client.list(
        ConfigMap, namespace=MONITORING_NAMESPACE, labels={"prometheus-name": name}
    ):
        rules |= config_map.data or {}
    text = gzip.decompress(secret["prometheus.yaml.gz"]) if "prometheus.yaml.gz" in secret else b""
    return Written(
        name=name,
        configuration=yaml.load(_substituted(text.decode()), Loader=yaml.CSafeLoader) or {},
        rules=rules,
        assets=await _secret(cluster, f"prometheus-{name}-tls-assets-0"),
    )


def _substituted(text: str) -> str:
    """What the pod's config reloader substitutes: the variables of the first replica."""
    return text.replace("$(SHARD)", "0").replace("$(POD_NAME)", "first")


async def _taken(cluster: Cluster, all_written: Iterable[Written]) -> Result:
    """Each monitor is a job of the configuration, and each rule is in a rule file."""
    jobs = [job for each in all_written for job in each.jobs]
    files = [file for each in all_written for file in each.rules]
    problems: list[str] = []
    taken = 0
    for kind, prefix in _MONITORS.items():
        async for namespace, name in _objects(cluster, kind):
            taken += 1
            if not any(f"{job}/".startswith(f"{prefix}/{namespace}/{name}/") for job in jobs):
                problems.append(f"{prefix} {namespace}/{name} is not in the configuration")
    async for namespace, name in _objects(cluster, _RULE):
        taken += 1
        if not any(file.startswith(f"{namespace}-{name}-") for file in files):
            problems.append(f"PrometheusRule {namespace}/{name} is in no rule file")
    return result(
        "the operator takes every monitor and rule", problems, f"{taken} objects, {len(jobs)} jobs"
    )


async def _loaded(cluster: Cluster, found: Written, seconds: int) -> Result:
    """The real Prometheus loads the configuration, and finds a target for each job, app and board."""
    name = f"Prometheus {found.name} loads its configuration and finds each target that is needed"
    if problems := await _not_reconciled(cluster, _PROMETHEUS, found.name):
        return result(name, problems, "")
    wanted = await _wanted(cluster, found.jobs)
    with tempfile.TemporaryDirectory(dir=cluster.plane.folder) as scratch:
        folder, port = Path(scratch), free_port()
        configuration = local(
            found,
            await discovery.read(cluster.client),
            folder,
            authority=cluster.plane.authority.pair.certificate,
        )
        server = running(
            _program("prometheus"),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            log=folder / "prometheus.log",
            ready=lambda: is_healthy(f"http://127.0.0.1:{port}/-/ready"),
        )
        try:
            async with started_in_thread(server):
                without = await _without_target(wanted, port, seconds)
        except NotStartedError as error:
            return result(name, [str(error)], "")
    return result(
        name,
        targets.problems(wanted, without),
        f"{len(found.jobs)} jobs, and {len(wanted) - len(found.jobs)} apps and jobs of boards, with targets",
    )


async def _wanted(cluster: Cluster, jobs: Iterable[str]) -> list[Wanted]:
    """Each target that the configuration, the monitors and our boards need."""
    wanted = [targets.of_job(job) for job in jobs]
    for kind, prefix in _MONITORS.items():
        async for monitor in cluster.client.list(kind, namespace="*"):
            wanted += targets.of_monitor(prefix, monitor)
    config_maps = cluster.client.list(ConfigMap, namespace=MONITORING_NAMESPACE, labels={**_BOARDS})
    return [*wanted, *targets.of_boards([each.data or {} async for each in config_maps])]


def local(found: Written, discovered: Discovered, folder: Path, *, authority: Path) -> Path:
    """The configuration for this machine: its files, and targets in files instead of a discovery."""
    for file, text in found.rules.items():
        (folder / file).write_text(text)
    for file, content in found.assets.items():
        (folder / file).write_bytes(content)
    configuration = json.loads(json.dumps(found.configuration))
    configuration["rule_files"] = [str(folder / "*.yaml")]
    configuration.pop("storage", None)  # Debian's Prometheus has a flag for it
    for index, job in enumerate((*configuration["scrape_configs"], *_alertmanagers(configuration))):
        _with_local_files(job, folder, authority)
        groups = [
            group
            for each in job.pop("kubernetes_sd_configs", [])
            for group in discovered.groups(
                each["role"], each.get("namespaces", {}).get("names", [])
            )
        ]
        if groups:
            targets = folder / f"targets-{index}.json"
            targets.write_text(json.dumps(groups))
            job["file_sd_configs"] = [{"files": [str(targets)]}]
    path = folder / "prometheus.yml"  # not .yaml: those are rules
    path.write_text(yaml.safe_dump(configuration))
    return path


def _alertmanagers(configuration: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = configuration.get("alerting", {}).get("alertmanagers", [])
    return found


def _with_local_files(job: dict[str, Any], folder: Path, authority: Path) -> None:
    """Files that pods would have mounted: the operator's assets, a certificate, or an empty one."""
    for key, value in list(job.items()):
        if isinstance(value, dict):
            _with_local_files(value, folder, authority)
        elif isinstance(value, str) and value.startswith((_MOUNT, "/var/run/secrets/")):
            path = folder / Path(value).name
            if not path.exists():
                path.write_bytes(authority.read_bytes() if path.suffix == ".crt" else b"")
            job[key] = str(path)


async def _without_target(wanted: Sequence[Wanted], port: int, seconds: int) -> list[Wanted]:
    """What Prometheus has not discovered in time."""
    url = f"http://127.0.0.1:{port}/api/v1/targets?state=active"
    waiting = list(wanted)
    for _ in range(seconds // _ROUND_SECONDS):
        with urllib.request.urlopen(url, timeout=5) as response:
            waiting = targets.missing(wanted, json.load(response)["data"]["activeTargets"])
        if not waiting:
            break
        await asyncio.sleep(_ROUND_SECONDS)
    return waiting


async def _routes(cluster: Cluster, name: str) -> Result:
    """The real Alertmanager loads the configuration that the operator wrote."""
    check_name = f"Alertmanager {name} loads its configuration"
    if problems := await _not_reconciled(cluster, _ALERTMANAGER, name):
        return result(check_name, problems, "")
    secret = await _secret(cluster, f"alertmanager-{name}-generated")
    if "alertmanager.yaml.gz" not in secret:
        return result(check_name, [f"Secret alertmanager-{name}-generated is not written"], "")
    text = gzip.decompress(secret["alertmanager.yaml.gz"])
    with tempfile.TemporaryDirectory(dir=cluster.plane.folder) as scratch:
        folder, port = Path(scratch), free_port()
        path = folder / "alertmanager.yaml"
        path.touch(mode=0o600)
        path.write_bytes(text)
        server = running(
            _program("alertmanager", "prometheus-alertmanager"),
            f"--config.file={path}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            log=folder / "alertmanager.log",
            ready=lambda: is_healthy(f"http://127.0.0.1:{port}/-/ready"),
        )
        try:
            async with started_in_thread(server):
                pass
        except NotStartedError as error:
            return result(check_name, [str(error)], "")
    receivers = len(yaml.load(text, Loader=yaml.CSafeLoader)["receivers"])
    return result(check_name, [], f"{receivers} receivers")


async def _not_reconciled(cluster: Cluster, kind: Any, name: str) -> list[str]:
    """Why the operator keeps an older configuration than the one that it is given."""
    thing = await cluster.client.get(kind, name, namespace=MONITORING_NAMESPACE)
    return [
        f"{kind.__name__} {name} is not reconciled: {condition['message']}"
        for condition in thing.get("status", {}).get("conditions", [])
        if condition["type"] == "Reconciled" and condition["status"] == "False"
    ]


def _program(*names: str) -> str:
    """The first that is installed; Debian's packages have names of their own."""
    return next((found for name in names if (found := shutil.which(name)) is not None), names[0])


async def _names(cluster: Cluster, kind: Any) -> list[str]:
    return [name async for _, name in _objects(cluster, kind)]


async def _objects(cluster: Cluster, kind: Any) -> AsyncIterator[tuple[str, str]]:
    async for thing in cluster.client.list(kind, namespace="*"):
        yield str(thing.metadata.namespace), str(thing.metadata.name)


async def _secret(cluster: Cluster, name: str) -> dict[str, bytes]:
    return await secret_data(cluster.client, name, MONITORING_NAMESPACE)
