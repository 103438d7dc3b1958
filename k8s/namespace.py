"""The platform's namespace and what nothing inside it may exceed (B10)."""

import constructs
from cdk8s_plus_28 import k8s

from environments.names import NAMESPACE, App
from environments.spec import Environment
from k8s.base import AppChart


class NamespaceChart(AppChart):
    """Namespace with the restricted Pod Security level."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.NAMESPACE, env=env)
        self._namespace()

    def _namespace(self) -> None:
        levels = {
            f"pod-security.kubernetes.io/{mode}": "restricted"
            for mode in ("enforce", "audit", "warn")
        }
        k8s.KubeNamespace(
            self,
            "namespace",
            metadata=k8s.ObjectMeta(name=NAMESPACE, labels=levels),
        )
