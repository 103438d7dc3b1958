"""Every app's manifests for one environment."""

import cdk8s

from environments.names import App
from environments.spec import Environment
from k8s.clickhouse_schema import ClickHouseSchemaChart
from k8s.database_users import DatabaseUsersChart
from k8s.foundation import FoundationChart
from k8s.monitoring import MonitoringChart
from k8s.namespace import NamespaceChart
from k8s.orchestrator import OrchestratorChart
from k8s.secrets import SecretsChart
from k8s.worker import WorkerChart

Manifest = dict[str, object]


def build(env: Environment) -> dict[App, list[Manifest]]:
    """Each app's objects, as the Kubernetes API takes them, in the order of the sync."""
    app = cdk8s.App()
    charts = (
        FoundationChart(app, env=env),
        NamespaceChart(app, env=env),
        SecretsChart(app, env=env),
        DatabaseUsersChart(app, env=env),
        ClickHouseSchemaChart(app, env=env),
        OrchestratorChart(app, env=env),
        WorkerChart(app, env=env),
        MonitoringChart(app, env=env),
    )
    return {chart.app: chart.manifests() for chart in charts}
