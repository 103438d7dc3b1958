"""What the add-ons need first: one add-on's namespace and network policies, and a class for volumes."""

import constructs
from cdk8s_plus_28 import k8s

from environments.names import DEFAULT_STORAGE_CLASS, EXTERNAL_SECRETS, App
from environments.spec import Environment
from k8s.parts.base import AppChart
from k8s.parts.external_secrets_network import ExternalSecretsNetwork


class FoundationChart(AppChart):
    """The operator's namespace and what its pods may reach, and encrypted gp3 as the default StorageClass."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.FOUNDATION, env=env)
        self.restricted_namespace(EXTERNAL_SECRETS.namespace)
        ExternalSecretsNetwork(self, "network", network=env.network)
        self._storage_class()

    def _storage_class(self) -> None:
        """EKS creates no default since Kubernetes 1.30, and a claim without a class stays pending."""
        storage_class = k8s.KubeStorageClass(
            self,
            "storage-class",
            metadata=k8s.ObjectMeta(
                name=DEFAULT_STORAGE_CLASS,
                annotations={"storageclass.kubernetes.io/is-default-class": "true"},
            ),
            provisioner="ebs.csi.aws.com",
            # Without a key's name: the account's EBS key, which the driver's AWS-managed policy may use.
            parameters={"type": "gp3", "encrypted": "true"},
            volume_binding_mode="WaitForFirstConsumer",  # in the zone where the pod runs
            allow_volume_expansion=True,
            reclaim_policy="Delete",
        )
        self.cluster_scoped(storage_class)
