"""What every app's chart has: labels, a namespace, and objects that several apps make."""

import hashlib
import json
from dataclasses import dataclass

import cdk8s
import constructs
from cdk8s_plus_28 import k8s

from environments.names import App, Names, namespace_of
from environments.spec import Environment

CHECKSUM_ANNOTATION = "eval-platform.io/config-checksum"


@dataclass(frozen=True)
class Config:
    """A ConfigMap's name and a checksum of its data."""

    name: str
    checksum: str


class AppChart(cdk8s.Chart):
    """One app: one folder of manifests, synced by one Argo CD Application."""

    def __init__(self, scope: constructs.Construct, app: App, *, env: Environment) -> None:
        self.app = app
        self.env = env
        self.names = Names(env)
        self._amendments: dict[tuple[str, str], list[cdk8s.JsonPatch]] = {}
        super().__init__(
            scope,
            app,
            namespace=namespace_of(app),
            labels=self.names.labels(app),
            disable_resource_name_hashes=True,
        )

    @property
    def selector(self) -> dict[str, str]:
        """Selects the app's pods by one label, because a Deployment's selector cannot be changed."""
        return selector(self.app)

    def manifests(self) -> list[dict[str, object]]:
        """The app's objects, as the Kubernetes API takes them."""
        return [self._amended(manifest) for manifest in self.to_json()]

    def amend(self, object_: cdk8s.ApiObject, operation: cdk8s.JsonPatch) -> None:
        """Set what the binding cannot: it drops every field that Kubernetes 1.28 did not have."""
        self._amendments.setdefault((object_.kind, object_.name), []).append(operation)

    def cluster_scoped(self, object_: cdk8s.ApiObject) -> None:
        """The chart gives its namespace to every object; this one has none."""
        self.amend(object_, cdk8s.JsonPatch.remove("/metadata/namespace"))

    def _amended(self, manifest: dict[str, object]) -> dict[str, object]:
        metadata = manifest["metadata"]
        assert isinstance(metadata, dict)
        operations = self._amendments.get((str(manifest["kind"]), metadata["name"]), [])
        if not operations:  # Node would get and return the whole object
            return manifest
        amended: dict[str, object] = cdk8s.JsonPatch.apply(manifest, *operations)
        return amended

    def config_map(self, name: str, data: dict[str, str]) -> Config:
        k8s.KubeConfigMap(self, f"{name}-config", metadata=k8s.ObjectMeta(name=name), data=data)
        content = json.dumps(data, sort_keys=True).encode()
        return Config(name, hashlib.sha256(content).hexdigest()[:16])

    def service_account(self, name: str) -> str:
        """A service account whose pods get no Kubernetes token; AWS binds a role to its name."""
        k8s.KubeServiceAccount(
            self,
            "service-account",
            metadata=k8s.ObjectMeta(name=name),
            automount_service_account_token=False,
        )
        return name

    def restricted_namespace(self, name: str) -> None:
        """A namespace that takes only pods of the restricted Pod Security level."""
        levels = {
            f"pod-security.kubernetes.io/{mode}": "restricted"
            for mode in ("enforce", "audit", "warn")
        }
        namespace = k8s.KubeNamespace(
            self,
            "namespace",
            metadata=k8s.ObjectMeta(
                name=name,
                labels=levels,
                # Deleting it deletes everything in it. A person confirms, whether Git no longer has
                # it or its Application is deleted.
                annotations={"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=confirm"},
            ),
        )
        self.cluster_scoped(namespace)

    def pod_metadata(self, *configs: Config) -> k8s.ObjectMeta:
        """Labels, and an annotation that changes with the configuration, which replaces the pods."""
        checksum = "-".join(config.checksum for config in configs)
        return k8s.ObjectMeta(
            labels=self.names.labels(self.app),
            annotations={CHECKSUM_ANNOTATION: checksum} if configs else None,
        )

    def disruption_budget(self, max_unavailable: k8s.IntOrString) -> None:
        k8s.KubePodDisruptionBudget(
            self,
            "disruption-budget",
            metadata=k8s.ObjectMeta(name=self.app),
            spec=k8s.PodDisruptionBudgetSpec(
                selector=k8s.LabelSelector(match_labels=self.selector),
                max_unavailable=max_unavailable,
                # A pod that is not ready must not delay a node's drain.
                unhealthy_pod_eviction_policy="AlwaysAllow",
            ),
        )


def selector(app: App) -> dict[str, str]:
    return {"app.kubernetes.io/name": app}
