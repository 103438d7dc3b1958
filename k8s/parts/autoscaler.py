"""The number of workers, by their CPU (B11) or the unfinished jobs, whichever is more: it grows fast and falls slowly.

A worker waits for LLM providers most of its time, so its CPU stays low while the queue grows. If one
metric cannot be read, the number does not fall, but still grows by the other (Kubernetes, "Horizontal
Pod Autoscaling", algorithm details): without Prometheus, workers scale up by CPU only.

Jobs that run count as those that wait do. Otherwise busy workers with a short queue would look like too many,
and jobs would wait longer (docs/scaling.md).

**Scaling down** does not consider which worker is idle or what it runs. The number follows the highest of the last `max_job_seconds`, and falls by a fifth every two
minutes. A worker that is stopped during a job drains as always (`worker.py`), so a job may be done twice
and none is lost.
"""

import constructs
from cdk8s_plus_28 import k8s

from environments.names import QUEUE_METRIC
from environments.spec import Worker

_LONGEST_STABILIZATION_SECONDS = 3600  # Kubernetes API reference, HPAScalingRules


class WorkerAutoscaler(constructs.Construct):
    """HorizontalPodAutoscaler of a Deployment, between the environment's bounds."""

    def __init__(
        self, scope: constructs.Construct, id_: str, *, deployment: str, worker: Worker
    ) -> None:
        super().__init__(scope, id_)
        k8s.KubeHorizontalPodAutoscalerV2(
            self,
            "autoscaler",
            metadata=k8s.ObjectMeta(name=deployment),
            spec=k8s.HorizontalPodAutoscalerSpecV2(
                scale_target_ref=k8s.CrossVersionObjectReferenceV2(
                    api_version="apps/v1", kind="Deployment", name=deployment
                ),
                min_replicas=worker.min_replicas,
                max_replicas=worker.max_replicas,
                metrics=[
                    _cpu(percent=worker.target_cpu_percent),
                    _unfinished_jobs(per_replica=worker.unfinished_jobs_per_replica),
                ],
                behavior=k8s.HorizontalPodAutoscalerBehaviorV2(
                    # Kubernetes' own defaults. A node takes two minutes to start, so waiting to see whether a
                    # queue is a spike costs more than a node for a spike (docs/scaling.md has the numbers).
                    scale_up=_rules(stabilization_seconds=0, percent=100, pods=4, each_seconds=15),
                    # A pause that is shorter than the longest job must not drain a worker.
                    scale_down=_rules(
                        stabilization_seconds=min(
                            worker.max_job_seconds, _LONGEST_STABILIZATION_SECONDS
                        ),
                        percent=20,
                        pods=1,
                        each_seconds=120,
                    ),
                ),
            ),
        )


def _cpu(*, percent: int) -> k8s.MetricSpecV2:
    return k8s.MetricSpecV2(
        type="Resource",
        resource=k8s.ResourceMetricSourceV2(
            name="cpu",
            target=k8s.MetricTargetV2(type="Utilization", average_utilization=percent),
        ),
    )


def _unfinished_jobs(*, per_replica: int) -> k8s.MetricSpecV2:
    """External: the jobs of a list in Redis belong to no object of the cluster."""
    return k8s.MetricSpecV2(
        type="External",
        external=k8s.ExternalMetricSourceV2(
            metric=k8s.MetricIdentifierV2(name=QUEUE_METRIC),
            target=k8s.MetricTargetV2(
                type="AverageValue", average_value=k8s.Quantity.from_string(str(per_replica))
            ),
        ),
    )


def _rules(
    *, stabilization_seconds: int, percent: int, pods: int, each_seconds: int
) -> k8s.HpaScalingRulesV2:
    """At most this share or this number of pods in each period, whichever is more."""
    return k8s.HpaScalingRulesV2(
        stabilization_window_seconds=stabilization_seconds,
        select_policy="Max",
        policies=[
            k8s.HpaScalingPolicyV2(type="Percent", value=percent, period_seconds=each_seconds),
            k8s.HpaScalingPolicyV2(type="Pods", value=pods, period_seconds=each_seconds),
        ],
    )
