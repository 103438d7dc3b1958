"""All checks, in the order in which they are reported."""

from evalctl.checks.check import Check
from evalctl.checks.golive import (
    access,
    alerts,
    cost,
    network,
    pods,
    samples,
    scaling,
    stores,
    versions,
)
from evalctl.checks.wiring import (
    backups,
    delivery,
    entrance,
    files,
    identities,
    metrics,
    scheduling,
    secrets,
)
from evalctl.checks.wiring import scaling as scaling_wiring

# The brief's five, and what a production review requires besides.
GO_LIVE: tuple[Check, ...] = (
    pods.requests_and_limits,
    pods.quotas,
    scaling.worker_autoscaling,
    scaling.llm_backoff,
    alerts.queue_lag_alert,
    stores.backups,
    stores.several_zones,
    stores.encryption_at_rest,
    stores.deletion_protection,
    network.private_endpoints,
    network.tls,
    network.network_policies,
    access.least_privilege,
    access.secret_hygiene,
    pods.secrets_in_manifests,
    pods.restricted_pods,
    pods.digests,
    pods.probes,
    pods.disruption_budgets,
    alerts.alert_routes,
    alerts.alert_runbooks,
    alerts.restore_practised,
    versions.support_windows,
    versions.node_updates,
    versions.store_updates,
    cost.cost_budget,
    samples.samples_replaced,
)

# Whether the planes agree.
WIRING: tuple[Check, ...] = (
    files.files,
    secrets.secret_entries,
    secrets.secret_keys,
    secrets.operators_secrets,
    identities.pod_identities,
    identities.service_accounts,
    identities.iam_wildcards,
    identities.policy_resources,
    identities.iam_used,
    scheduling.taints,
    scheduling.selectors,
    scaling_wiring.autoscaling_metric,
    delivery.application_paths,
    delivery.namespaces,
    metrics.metric_names,
    entrance.load_balancer_subnets,
    entrance.certificate,
    backups.backup_selections,
)

# A template passes all but this one until somebody fills it in.
SAMPLES = samples.samples_replaced
