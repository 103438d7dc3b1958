"""The API: Deployment, Service, and the Ingress that makes its load balancer (B3, B4).

The general pool has no room for one more replica, so a rollout stops a pod before it starts the next.
A single replica would leave the API down meanwhile, so there the next pod starts first.

A pod that stops waits until the load balancer sends it no new requests, then finishes the requests it
has. A new pod counts as available after the load balancer has found it healthy.
"""

import cdk8s
import constructs
from cdk8s_plus_28 import k8s

from environments.images import Image
from environments.names import (
    API_TOKEN_KEY,
    GENERAL_POOL,
    LIVENESS_PATH,
    METRICS_PORT,
    ORCHESTRATOR,
    ORCHESTRATOR_PORT,
    READINESS_PATH,
    App,
    Bucket,
    Secret,
)
from environments.spec import Environment
from k8s.parts import stores
from k8s.parts.base import AppChart, Config
from k8s.parts.load_balancer import (
    DRAINING_SECONDS,
    HEALTHY_AFTER_SECONDS,
    KEEP_ALIVE_SECONDS,
    LoadBalancer,
)
from k8s.parts.pods import Probes, container, http_probe, pod, spread_over

# From a pod's deletion until the load balancer sends it nothing new.
DEREGISTRATION_LAG_SECONDS = 15
TERMINATION_GRACE_SECONDS = DEREGISTRATION_LAG_SECONDS + DRAINING_SECONDS + 5

_HTTP = "http"
_METRICS = "metrics"
_MOUNTS = (*stores.MOUNTS, stores.mount(Secret.API_TOKEN))


def most_pods(env: Environment) -> int:
    """One pod is replaced at a time, and still runs while its successor starts."""
    return env.orchestrator.replicas + 1


class OrchestratorChart(AppChart):
    """Orchestrator Deployment, Service, Ingress, and its PodDisruptionBudget."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.ORCHESTRATOR, env=env)
        service_account = self.service_account(ORCHESTRATOR.name)
        settings = self._settings()
        self._deployment(service_account=service_account, settings=settings)
        self.disruption_budget(k8s.IntOrString.from_number(1))
        service = self._service()
        LoadBalancer(
            self,
            "load-balancer",
            name=App.ORCHESTRATOR,
            balancer_name=self.names.load_balancer,
            service=service.name,
            port=_HTTP,
            health_path=READINESS_PATH,
            hostname=env.orchestrator.hostname,
            allowed_cidrs=env.orchestrator.allowed_cidrs,
            tags=self.names.tags(App.ORCHESTRATOR),
        )

    def _settings(self) -> Config:
        return self.config_map(
            App.ORCHESTRATOR,
            stores.settings(self.names)
            | {
                "DATASETS_BUCKET": self.names.bucket(Bucket.DATASETS),
                "API_TOKEN_FILE": f"{stores.FOLDER}/{Secret.API_TOKEN}/{API_TOKEN_KEY}",
                "PORT": str(ORCHESTRATOR_PORT),
                "METRICS_PORT": str(METRICS_PORT),
                "KEEP_ALIVE_SECONDS": str(KEEP_ALIVE_SECONDS),
            },
        )

    def _deployment(self, *, service_account: str, settings: Config) -> None:
        spec = self.env.orchestrator
        in_place = spec.replicas > 1
        deployment = k8s.KubeDeployment(
            self,
            "deployment",
            metadata=k8s.ObjectMeta(name=App.ORCHESTRATOR),
            spec=k8s.DeploymentSpec(
                replicas=spec.replicas,
                min_ready_seconds=HEALTHY_AFTER_SECONDS,
                revision_history_limit=3,
                selector=k8s.LabelSelector(match_labels=self.selector),
                strategy=k8s.DeploymentStrategy(
                    type="RollingUpdate",
                    rolling_update=k8s.RollingUpdateDeployment(
                        max_surge=k8s.IntOrString.from_number(0 if in_place else 1),
                        max_unavailable=k8s.IntOrString.from_number(1 if in_place else 0),
                    ),
                ),
                template=k8s.PodTemplateSpec(
                    metadata=self.pod_metadata(settings),
                    spec=pod(
                        self._container(settings),
                        service_account=service_account,
                        pool=GENERAL_POOL,
                        mounts=_MOUNTS,
                        spread=(
                            # Required: one replica stays pending rather than run in the same zone as another.
                            spread_over(
                                "topology.kubernetes.io/zone",
                                selector=self.selector,
                                required=True,
                            ),
                            spread_over(
                                "kubernetes.io/hostname", selector=self.selector, required=False
                            ),
                        ),
                        termination_grace_seconds=TERMINATION_GRACE_SECONDS,
                    ),
                ),
            ),
        )
        # The kubelet sleeps, so that the image needs no shell for it.
        self.amend(
            deployment,
            cdk8s.JsonPatch.add(
                "/spec/template/spec/containers/0/lifecycle",
                {"preStop": {"sleep": {"seconds": DEREGISTRATION_LAG_SECONDS}}},
            ),
        )

    def _container(self, settings: Config) -> k8s.Container:
        return container(
            App.ORCHESTRATOR,
            image=self.names.image(Image.ORCHESTRATOR),
            compute=self.env.orchestrator.compute,
            config_maps=(settings.name,),
            ports=(
                k8s.ContainerPort(name=_HTTP, container_port=ORCHESTRATOR_PORT, protocol="TCP"),
                k8s.ContainerPort(name=_METRICS, container_port=METRICS_PORT, protocol="TCP"),
            ),
            mounts=_MOUNTS,
            probes=Probes(
                startup=http_probe(
                    LIVENESS_PATH, port=_HTTP, period_seconds=5, failure_threshold=30
                ),
                liveness=http_probe(
                    LIVENESS_PATH, port=_HTTP, period_seconds=10, failure_threshold=3
                ),
                readiness=http_probe(
                    READINESS_PATH, port=_HTTP, period_seconds=5, failure_threshold=2
                ),
            ),
        )

    def _service(self) -> k8s.KubeService:
        return k8s.KubeService(
            self,
            "service",
            metadata=k8s.ObjectMeta(name=App.ORCHESTRATOR),
            spec=k8s.ServiceSpec(
                type="ClusterIP",
                selector=self.selector,
                ports=[
                    k8s.ServicePort(
                        name=_HTTP,
                        port=80,
                        target_port=k8s.IntOrString.from_string(_HTTP),
                        protocol="TCP",
                    )
                ],
            ),
        )
