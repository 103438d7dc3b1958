"""What every app's chart has: its labels and the namespace of the platform."""

import cdk8s
import constructs

from environments.names import NAMESPACE, App, Names
from environments.spec import Environment


class AppChart(cdk8s.Chart):
    """One app: one folder of manifests, synced by one Argo CD Application."""

    def __init__(self, scope: constructs.Construct, app: App, *, env: Environment) -> None:
        self.env = env
        self.names = Names(env)
        super().__init__(
            scope,
            app,
            namespace=NAMESPACE,
            labels=self.names.labels(app),
            disable_resource_name_hashes=True,
        )
