"""Workers as their CPU asks for (B11): quickly more, slowly fewer."""

import constructs
from cdk8s_plus_28 import k8s

from environments.spec import Worker

_LONGEST_STABILIZATION_SECONDS = 3600  # Kubernetes API reference, HPAScalingRules


class CpuAutoscaler(constructs.Construct):
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
                metrics=[_cpu(percent=worker.target_cpu_percent)],
                behavior=k8s.HorizontalPodAutoscalerBehaviorV2(
                    # Doubles in a minute, once a minute of load has shown that it is no spike.
                    scale_up=_rules(stabilization_seconds=60, percent=100, pods=2, each_seconds=60),
                    # A lull shorter than a job may last is no reason to drain a worker.
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
