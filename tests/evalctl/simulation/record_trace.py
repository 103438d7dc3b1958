"""Records what the real autoscaler does with a queue whose length is known: the file that the model is held against.

A real etcd, API server and controller manager on loopback; the metric is served by the rehearsal's stand-in for
prometheus-adapter. The autoscaler is production's, with three changes: it reads the queue only, because no pod runs
that uses CPU, and it scales down sooner, so that a trace takes minutes:

    CLUSTER_PROGRAMS=… python -m tests.evalctl.simulation.record_trace tests/evalctl/simulation/trace.json
"""

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from lightkube import codecs
from lightkube.generic_resource import create_global_resource
from lightkube.resources.apps_v1 import Deployment

from environments.names import QUEUE_METRIC, SERVICE_CIDR
from evalctl.autoscaler_trace import Trace
from evalctl.rehearsal.cluster.control_plane import (
    HPA_SYNC_SECONDS,
    choose_address,
    control_plane,
)
from evalctl.rehearsal.cluster.external_metrics import external_metrics
from evalctl.rehearsal.cluster.programs import find
from tests.support.paths import ROOT

MINOR = "1.35"
# Seconds since the start, and the jobs that wait from then on: a burst, two small changes that the tolerance hides,
# a fall, a rise before the window of the fall has passed, and an empty queue.
JOBS = ((0, 0), (31, 10_000), (331, 95), (401, 52), (601, 80), (661, 12), (841, 0))
SECONDS = 1_140
OBJECTS = """
apiVersion: v1
kind: Service
metadata: {name: adapter, namespace: default}
spec: {ports: [{port: 443}]}
---
# An API without an endpoint is unavailable. Nobody connects to this address.
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: adapter, namespace: default, labels: {kubernetes.io/service-name: adapter}}
addressType: IPv4
ports: [{port: 443}]
endpoints: [{addresses: [192.0.2.1], conditions: {ready: true}}]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.external.metrics.k8s.io}
spec:
  group: external.metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: adapter, namespace: default}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: default}
spec:
  replicas: 2
  selector: {matchLabels: {app: worker}}
  template:
    metadata: {labels: {app: worker}}
    spec: {containers: [{name: worker, image: none}]}
"""


def autoscaler() -> dict[str, object]:
    path = ROOT / "rendered/prod/k8s/worker/HorizontalPodAutoscaler-worker.yaml"
    spec: dict[str, object] = yaml.safe_load(path.read_text())["spec"]
    metrics, behavior = spec["metrics"], spec["behavior"]
    assert isinstance(metrics, list)
    assert isinstance(behavior, dict)
    spec["metrics"] = [metric for metric in metrics if metric["type"] == "External"]
    behavior["scaleDown"]["stabilizationWindowSeconds"] = 120
    for policy in behavior["scaleDown"]["policies"]:
        policy["periodSeconds"] = 30
    return spec


async def record(folder: Path) -> Trace:
    address = choose_address(folder)
    spec = autoscaler()
    create_global_resource("apiregistration.k8s.io", "v1", "APIService", "apiservices")
    with external_metrics(address.authority.server("adapter"), metric=QUEUE_METRIC) as queue:

        async def resolve(_host: str, _port: int) -> int | None:
            return queue.port

        async with control_plane(
            find(MINOR),
            folder,
            address=address,
            context="trace",
            service_range=SERVICE_CIDR,
            resolve=resolve,
        ) as plane:
            client = plane.client()
            for thing in codecs.load_all_yaml(OBJECTS):
                await client.create(thing)
            hpa = {
                "apiVersion": "autoscaling/v2",
                "kind": "HorizontalPodAutoscaler",
                "metadata": {"name": "worker", "namespace": "default"},
                "spec": spec,
            }
            await asyncio.sleep(20)  # the API of the metric is found
            await client.create(codecs.from_dict(hpa))
            started, jobs = time.monotonic(), list(JOBS)
            metric: list[tuple[float, int]] = []
            replicas: list[tuple[float, int]] = []
            while (now := time.monotonic() - started) < SECONDS:
                if jobs and now >= jobs[0][0]:
                    queue.value = jobs.pop(0)[1]
                    metric.append((round(now, 1), queue.value))
                found = await client.get(Deployment, "worker", namespace="default")
                count = (found.spec and found.spec.replicas) or 0
                if not replicas or replicas[-1][1] != count:
                    replicas.append((round(now, 1), count))
                    print(f"{now:7.1f} s: {count} workers, {queue.value} jobs wait", flush=True)
                await asyncio.sleep(0.5)
    return Trace(
        made_by=f"kube-controller-manager of Kubernetes {MINOR}, tests/evalctl/simulation/record_trace.py",
        sync_seconds=HPA_SYNC_SECONDS,
        autoscaler=spec,
        waiting_jobs=metric,
        replicas=replicas,
        seconds=SECONDS,
    )


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        asyncio.run(record(Path(folder))).write(Path(sys.argv[1]))
