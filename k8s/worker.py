"""The evaluation workers: on spot nodes only, scaled by CPU and queue (B4, B11).

**Drain contract.** EC2 gives a spot node 120 s, while a job may take `max_job_seconds`. A worker cannot
detect why it must stop, so it always does the same. At SIGTERM it takes no further job. Jobs that are
not done after `DRAIN_SECONDS` go back to the head of the queue, and the worker ends within its grace
period, which ends within the notice. If a worker dies without SIGTERM, its job stays invisible for
`JOB_VISIBILITY_TIMEOUT_SECONDS`, which is longer than a job and its drain can last: no job is lost and
none runs twice at the same time.

**LLM keys** are environment variables (B5), which do not change in a running worker. A provider accepts
the old key and the new one at the same time: put the new one into Secrets Manager, wait ten minutes,
`kubectl rollout restart deployment worker`, then revoke the old one. All other secrets are files (see
`stores.py`).
"""

import constructs
from cdk8s_plus_28 import k8s

from environments.images import Image
from environments.names import (
    LIVENESS_PATH,
    METRICS_PORT,
    NODE_POOL_LABEL,
    PROVIDER_KEYS,
    READINESS_PATH,
    WORKER,
    WORKER_POOL,
    App,
    Secret,
)
from environments.spec import WORKERS_EVICTED_AT_ONCE_PERCENT, Environment
from k8s.parts import stores
from k8s.parts.autoscaler import WorkerAutoscaler
from k8s.parts.base import AppChart, Config
from k8s.parts.pods import Probes, container, http_probe, pod, spread_over

SPOT_NOTICE_SECONDS = 120  # EC2 user guide, "Spot Instance interruption notices"
EVICTION_LAG_SECONDS = 15  # from the notice to the SIGTERM
TERMINATION_GRACE_SECONDS = SPOT_NOTICE_SECONDS - EVICTION_LAG_SECONDS
DRAIN_SECONDS = TERMINATION_GRACE_SECONDS - 15  # the rest is for returning jobs to the queue

REPLACED_AT_ONCE_PERCENT = 25

_LLM_CALLS = "llm-calls"
_METRICS = "metrics"
_MOUNTS = (*stores.MOUNTS, stores.mount(Secret.LLM_KEYS))


class WorkerChart(AppChart):
    """Worker Deployment, its autoscaler and PodDisruptionBudget, and how it calls LLMs."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.WORKER, env=env)
        service_account = self.service_account(WORKER.name)
        settings = self._settings()
        llm_calls = self._llm_calls()
        self._deployment(service_account=service_account, configs=(settings, llm_calls))
        WorkerAutoscaler(self, "autoscaler", deployment=App.WORKER, worker=env.worker)
        self.disruption_budget(k8s.IntOrString.from_string(f"{WORKERS_EVICTED_AT_ONCE_PERCENT}%"))

    def _settings(self) -> Config:
        longest = self.env.worker.max_job_seconds
        return self.config_map(
            App.WORKER,
            stores.settings(self.names)
            | {
                "METRICS_PORT": str(METRICS_PORT),
                "JOB_CONCURRENCY": str(self.env.worker.job_concurrency),
                "JOB_MAX_SECONDS": str(longest),
                "JOB_VISIBILITY_TIMEOUT_SECONDS": str(longest + TERMINATION_GRACE_SECONDS),
                "DRAIN_SECONDS": str(DRAIN_SECONDS),
            },
        )

    def _llm_calls(self) -> Config:
        """Limits, retries and backoff: 429s are rare and cause no storm of retries (B12)."""
        worker, calls = self.env.worker, self.env.worker.llm_calls
        return self.config_map(
            _LLM_CALLS,
            {
                "LLM_CONCURRENCY": str(calls.concurrency_per_worker),
                "LLM_REQUESTS_PER_MINUTE": str(worker.llm_requests_per_minute),
                "LLM_TOKENS_PER_MINUTE": str(worker.llm_tokens_per_minute),
                "LLM_TIMEOUT_SECONDS": str(calls.timeout_seconds),
                "LLM_MAX_ATTEMPTS": str(calls.max_attempts),
                "LLM_INITIAL_BACKOFF_SECONDS": str(calls.initial_backoff_seconds),
                "LLM_MAX_BACKOFF_SECONDS": str(calls.max_backoff_seconds),
                # Each wait is a random time up to a bound, and the bound doubles: workers that were
                # refused at the same time do not retry at the same time. A provider's Retry-After has
                # precedence.
                "LLM_BACKOFF_MULTIPLIER": "2",
                "LLM_BACKOFF_JITTER": "full",
                "LLM_RESPECT_RETRY_AFTER": "true",
                # 529 is Anthropic's "overloaded".
                "LLM_RETRY_STATUS_CODES": "408,409,429,500,502,503,504,529",
            },
        )

    def _deployment(self, *, service_account: str, configs: tuple[Config, ...]) -> None:
        k8s.KubeDeployment(
            self,
            "deployment",
            metadata=k8s.ObjectMeta(name=App.WORKER),
            # No `replicas`: the autoscaler sets the number, and Argo CD must not reset it.
            spec=k8s.DeploymentSpec(
                revision_history_limit=3,
                selector=k8s.LabelSelector(match_labels=self.selector),
                strategy=k8s.DeploymentStrategy(
                    type="RollingUpdate",
                    rolling_update=k8s.RollingUpdateDeployment(
                        # At the maximum the nodes are full: a pod stops before the next starts.
                        max_surge=k8s.IntOrString.from_number(0),
                        max_unavailable=k8s.IntOrString.from_string(f"{REPLACED_AT_ONCE_PERCENT}%"),
                    ),
                ),
                template=k8s.PodTemplateSpec(
                    metadata=self.pod_metadata(*configs),
                    spec=pod(
                        self._container(configs),
                        service_account=service_account,
                        pool=WORKER_POOL,
                        mounts=_MOUNTS,
                        tolerations=(
                            k8s.Toleration(
                                key=NODE_POOL_LABEL,
                                operator="Equal",
                                value=WORKER_POOL,
                                effect="NoSchedule",
                            ),
                        ),
                        # Preferred only: an unevenly placed worker is better than none.
                        spread=tuple(
                            spread_over(key, selector=self.selector, required=False)
                            for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
                        ),
                        termination_grace_seconds=TERMINATION_GRACE_SECONDS,
                    ),
                ),
            ),
        )

    def _container(self, configs: tuple[Config, ...]) -> k8s.Container:
        return container(
            App.WORKER,
            image=self.names.image(Image.WORKER),
            compute=self.env.worker.compute,
            config_maps=[config.name for config in configs],
            # Each is optional, so that the other provider works if one key is missing. The mount
            # requires the Secret itself.
            env=[
                k8s.EnvVar(
                    name=key,
                    value_from=k8s.EnvVarSource(
                        secret_key_ref=k8s.SecretKeySelector(
                            name=Secret.LLM_KEYS, key=key, optional=True
                        )
                    ),
                )
                for key in PROVIDER_KEYS
            ],
            ports=(k8s.ContainerPort(name=_METRICS, container_port=METRICS_PORT, protocol="TCP"),),
            mounts=_MOUNTS,
            # Liveness checks the main loop's heartbeat, which continues during a long LLM call.
            probes=Probes(
                startup=http_probe(
                    LIVENESS_PATH, port=_METRICS, period_seconds=5, failure_threshold=30
                ),
                liveness=http_probe(
                    LIVENESS_PATH, port=_METRICS, period_seconds=20, failure_threshold=3
                ),
                readiness=http_probe(
                    READINESS_PATH, port=_METRICS, period_seconds=10, failure_threshold=3
                ),
            ),
        )
