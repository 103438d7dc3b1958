"""Changes that each break one thing in the rendered files of production, and the checks that must notice."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from environments.names import TERRAFORM_FILE
from evalctl.parsed.environment import RenderedEnvironment
from tests.support.manifests import Manifest

Step = str | int
Edit = Callable[[Manifest], object]


@dataclass(frozen=True)
class Mutation:
    """One change of one file; `check` must fail, and besides it only `also`."""

    check: str
    what: str
    file: str
    edit: Edit | None  # None: the file is removed
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.check}: {self.what}"

    def apply(self, env: RenderedEnvironment) -> RenderedEnvironment:
        if self.edit is None:
            assert self.file in env.texts
            return env.with_texts({self.file: None})
        text = env.texts[self.file]
        document = (
            json.loads(text) if self.file.endswith(".json") else yaml.load(text, yaml.CSafeLoader)
        )
        self.edit(document)
        changed = (
            json.dumps(document, indent=2)
            if self.file.endswith(".json")
            else yaml.dump(document, Dumper=yaml.CSafeDumper, sort_keys=False, width=10_000)
        )
        assert changed != text
        return env.with_texts({self.file: changed})


def _at(document: Manifest, path: tuple[Step, ...]) -> Any:
    """A mapping or a list of the document."""
    place: Any = document
    for step in path:
        place = place[step]
    return place


def to(value: object, *path: Step) -> Edit:
    """Set the value at a path."""

    def edit(document: Manifest) -> None:
        _at(document, path[:-1])[path[-1]] = value

    return edit


def without(*path: Step) -> Edit:
    """Remove the value at a path."""

    def edit(document: Manifest) -> None:
        del _at(document, path[:-1])[path[-1]]

    return edit


def replaced(old: str, new: str, *path: Step) -> Edit:
    """Replace a part of the text at a path."""

    def edit(document: Manifest) -> None:
        place = _at(document, path[:-1])
        assert old in place[path[-1]], f"{old} is not there"
        place[path[-1]] = place[path[-1]].replace(old, new)

    return edit


def alert(name: str, edit: Edit) -> Edit:
    """Edit one alert of a PrometheusRule."""

    def edit_rule(document: Manifest) -> None:
        for group in document["spec"]["groups"]:
            for rule in group["rules"]:
                if rule.get("alert") == name:
                    edit(rule)
                    return
        raise AssertionError(f"there is no alert {name}")

    return edit_rule


def stack(name: str) -> str:
    return f"terraform/{name}/{TERRAFORM_FILE}"


def application(name: str) -> str:
    return f"argocd/Application-ai-eval-platform-prod-{name}.yaml"


WORKER = "k8s/worker/Deployment-worker.yaml"
ORCHESTRATOR = "k8s/orchestrator/Deployment-orchestrator.yaml"
SCALER = "k8s/worker/HorizontalPodAutoscaler-worker.yaml"
INGRESS = "k8s/orchestrator/Ingress-orchestrator.yaml"
SERVICE = "k8s/orchestrator/Service-orchestrator.yaml"
POLICY = "k8s/namespace/NetworkPolicy-orchestrator.yaml"
LLM_CALLS = "k8s/worker/ConfigMap-llm-calls.yaml"
HEALTH = "dashboards/PrometheusRule-platform-health.yaml"
ALERTMANAGER = "dashboards/ExternalSecret-alertmanager-config.yaml"
ADAPTER = application("prometheus-adapter")
EXPORTER = application("prometheus-redis-exporter")
CLOUDWATCH = application("prometheus-yet-another-cloudwatch-exporter")
WORKER_APP = application("worker")
_POD = ("spec", "template", "spec")
_CONTAINER = (*_POD, "containers", 0)
_VALUES = ("spec", "source", "helm", "valuesObject")
_ROUTES = ("spec", "target", "template", "data", "alertmanager.yaml")
_ANNOTATIONS = ("metadata", "annotations")
_ALB = "alb.ingress.kubernetes.io"
_CLUSTER = ("resource", "aws_eks_cluster", "cluster")
_INSTANCE = ("resource", "aws_db_instance", "instance")
_REPLICATION = ("resource", "aws_elasticache_replication_group", "replication-group")
_NODES = ("resource", "aws_eks_node_group")

GO_LIVE = (
    Mutation("requests-and-limits", "a container without a limit of memory", WORKER, without(*_CONTAINER, "resources", "limits", "memory")),
    Mutation("requests-and-limits", "a chart without resources", EXPORTER, without(*_VALUES, "resources")),
    Mutation("requests-and-limits", "a part of Argo CD without a request", "argocd-install/patch-argocd-redis.yaml", without(*_CONTAINER, "resources", "requests", "cpu")),
    Mutation("requests-and-limits", "an add-on of EKS without a limit", stack("cluster"), replaced('"limits": {"cpu": "1000m", "memory": "170Mi"}', '"limits": {}', "resource", "aws_eks_addon", "coredns-addon", "configuration_values")),
    Mutation("quotas", "no quota", "k8s/namespace/ResourceQuota-platform.yaml", None),
    Mutation("quotas", "a quota without pods", "k8s/namespace/ResourceQuota-platform.yaml", without("spec", "hard", "pods")),
    Mutation("quotas", "no defaults for pods", "k8s/namespace/LimitRange-containers.yaml", without("spec", "limits", 0, "defaultRequest")),
    Mutation("worker-autoscaling", "a fixed number of workers", SCALER, to(2, "spec", "maxReplicas")),
    Mutation("worker-autoscaling", "replicas under the autoscaler", WORKER, to(2, "spec", "replicas")),
    Mutation("worker-autoscaling", "no autoscaler", SCALER, None),
    Mutation("worker-autoscaling", "no behaviour", SCALER, without("spec", "behavior", "scaleDown")),
    Mutation("llm-backoff", "429 not retried", LLM_CALLS, to("500,503", "data", "LLM_RETRY_STATUS_CODES")),
    Mutation("llm-backoff", "one attempt", LLM_CALLS, to("1", "data", "LLM_MAX_ATTEMPTS")),
    Mutation("llm-backoff", "no jitter", LLM_CALLS, to("none", "data", "LLM_BACKOFF_JITTER")),
    Mutation("llm-backoff", "no limit of requests", LLM_CALLS, to("0", "data", "LLM_REQUESTS_PER_MINUTE")),
    Mutation("llm-backoff", "settings that no worker reads", WORKER, to([], *_CONTAINER, "envFrom")),
    Mutation("queue-lag-alert", "an alert after ten minutes", HEALTH, alert("QueueLagging", replaced("300", "600", "expr"))),
    Mutation("queue-lag-alert", "an alert that waits", HEALTH, alert("QueueLagging", to("10m", "for"))),
    Mutation("queue-lag-alert", "no such alert", HEALTH, alert("QueueLagging", to("queue:jobs_waiting:max > 1", "expr"))),
    Mutation("queue-lag-alert", "a receiver that is not in Slack", ALERTMANAGER, replaced("- name: sre-critical\n  slack_configs:\n  - api_url_file: /etc/alertmanager/config/sre-critical", "- name: sre-critical\n  webhook_configs:\n  - url: '{{ .sre_critical }}'", *_ROUTES)),
    Mutation("backups", "a bucket without a backup", stack("backup"), without("resource", "aws_backup_selection", "buckets-selection", "resources", 0)),
    Mutation("backups", "a plan that is not daily", stack("backup"), to("cron(0 20 ? * 1 *)", "resource", "aws_backup_plan", "database-plan", "rule", 0, "schedule")),
    Mutation("backups", "an instance without its own backups", stack("database"), to(0, *_INSTANCE, "backup_retention_period")),
    Mutation("several-zones", "a database in one zone", stack("database"), to(False, *_INSTANCE, "multi_az")),
    Mutation("several-zones", "a node group in one zone", stack("cluster"), without(*_NODES, "general", "subnet_ids", 2)),
    Mutation("several-zones", "a queue without failover", stack("queue"), to(False, *_REPLICATION, "automatic_failover_enabled")),
    Mutation("several-zones", "one NAT gateway less", stack("network"), without("resource", "aws_nat_gateway", "nat-gateway-3")),
    Mutation("encryption-at-rest", "a database that is not encrypted", stack("database"), to(False, *_INSTANCE, "storage_encrypted")),
    Mutation("encryption-at-rest", "a bucket that is not encrypted", stack("storage"), without("resource", "aws_s3_bucket_server_side_encryption_configuration", "reports-encryption")),
    Mutation("encryption-at-rest", "a log group without a key", stack("cluster"), without("resource", "aws_cloudwatch_log_group", "log-group", "kms_key_id")),
    Mutation("encryption-at-rest", "a key that does not rotate", stack("secrets"), to(False, "resource", "aws_kms_key", "key", "enable_key_rotation")),
    Mutation("encryption-at-rest", "volumes that are not encrypted", "k8s/foundation/StorageClass-gp3.yaml", to("false", "parameters", "encrypted")),
    Mutation("encryption-at-rest", "Kubernetes' Secrets that are not encrypted", stack("cluster"), without(*_CLUSTER, "encryption_config")),
    Mutation("deletion-protection", "an unprotected database", stack("database"), to(False, *_INSTANCE, "deletion_protection")),
    Mutation("deletion-protection", "a vault without a lock", stack("backup"), without("resource", "aws_backup_vault_lock_configuration", "vault-lock")),
    Mutation("deletion-protection", "a bucket without versions", stack("storage"), without("resource", "aws_s3_bucket_versioning", "datasets-versioning")),
    Mutation("deletion-protection", "states that terraform could destroy", stack("state"), without("resource", "aws_s3_bucket", "state", "lifecycle")),
    Mutation("private-endpoints", "a public Kubernetes API", stack("cluster"), to(True, *_CLUSTER, "vpc_config", "endpoint_public_access")),
    Mutation("private-endpoints", "a public database", stack("database"), to(True, *_INSTANCE, "publicly_accessible")),
    Mutation("private-endpoints", "a bucket that may become public", stack("storage"), to(False, "resource", "aws_s3_bucket_public_access_block", "reports-public-access-block", "block_public_acls")),
    Mutation("private-endpoints", "a bucket that nothing keeps private", stack("storage"), without("resource", "aws_s3_bucket_public_access_block", "reports-public-access-block")),
    Mutation("private-endpoints", "a store for every address of IPv6", stack("queue"), to("::/0", "resource", "aws_vpc_security_group_ingress_rule", "security-group-redis-from-cluster", "cidr_ipv6")),
    Mutation("private-endpoints", "a load balancer for everybody", INGRESS, without(*_ANNOTATIONS, f"{_ALB}/inbound-cidrs")),
    Mutation("private-endpoints", "no endpoint of Secrets Manager", stack("network"), without("resource", "aws_vpc_endpoint", "secretsmanager-endpoint")),
    Mutation("tls", "HTTP that is not redirected", INGRESS, without(*_ANNOTATIONS, f"{_ALB}/ssl-redirect")),
    Mutation("tls", "a queue without TLS", stack("queue"), to("preferred", *_REPLICATION, "transit_encryption_mode")),
    Mutation("tls", "a database that accepts plain text", stack("database"), to("0", "resource", "aws_db_parameter_group", "parameter-group", "parameter", 0, "value")),
    Mutation("tls", "a server whose name is not verified", "k8s/secrets/ExternalSecret-postgres.yaml", replaced("verify-full", "require", "spec", "target", "template", "data", "url")),
    Mutation("tls", "a bucket that accepts plain HTTP", stack("storage"), replaced("aws:SecureTransport", "aws:Other", "resource", "aws_s3_bucket_policy", "reports-policy", "policy")),
    Mutation("network-policies", "no default deny", "k8s/namespace/NetworkPolicy-default-deny.yaml", None),
    Mutation("network-policies", "a default that denies only one direction", "k8s/monitoring/NetworkPolicy-default-deny.yaml", to(["Ingress"], "spec", "policyTypes")),
    Mutation("network-policies", "workers without a policy", "k8s/namespace/NetworkPolicy-worker.yaml", None),
    Mutation("network-policies", "a rule for everybody", "k8s/namespace/NetworkPolicy-worker.yaml", without("spec", "ingress", 0, "from")),
    Mutation("network-policies", "a rule with an empty list of peers, which is everybody", "k8s/namespace/NetworkPolicy-worker.yaml", to([], "spec", "ingress", 0, "from")),
    Mutation("network-policies", "a rule for all addresses", "k8s/namespace/NetworkPolicy-worker.yaml", to([{"ipBlock": {"cidr": "0.0.0.0/0"}}], "spec", "ingress", 0, "from")),
    Mutation("least-privilege", "a role without a boundary", stack("cluster"), without("resource", "aws_iam_role", "worker-role", "permissions_boundary")),
    Mutation("least-privilege", "a role that trusts without a condition", stack("backup"), replaced('"Condition"', '"Unknown"', "resource", "aws_iam_role", "backup-role", "assume_role_policy")),
    Mutation("least-privilege", "a machine whose pods get its credentials", stack("cluster"), to(2, "resource", "aws_launch_template", "general-launch-template", "metadata_options", "http_put_response_hop_limit")),
    Mutation("least-privilege", "a machine without settings of IMDS", stack("cluster"), without("resource", "aws_launch_template", "general-launch-template", "metadata_options")),
    Mutation("least-privilege", "a service account with a token", "k8s/worker/ServiceAccount-worker.yaml", to(True, "automountServiceAccountToken")),
    Mutation("secret-hygiene", "a password in the state", stack("database"), to("secret", *_INSTANCE, "password")),
    Mutation("secret-hygiene", "a password in the repository", stack("database"), to('{"username": "eval_app", "password": "guessed", "host": "h", "port": "1", "database": "d"}', "resource", "aws_secretsmanager_secret_version", "postgres", "secret_string_wo")),
    Mutation("secrets-in-manifests", "a key as a variable's value", WORKER, to([{"name": "OPENAI_API_KEY", "value": "sk-guessed"}], *_CONTAINER, "env")),
    Mutation("secrets-in-manifests", "a Secret", "k8s/worker/ConfigMap-worker.yaml", to("Secret", "kind"), also=("files",)),
    Mutation("restricted-pods", "a root file system that can be written", WORKER, to(False, *_CONTAINER, "securityContext", "readOnlyRootFilesystem")),
    Mutation("restricted-pods", "a pod with a token", ORCHESTRATOR, without(*_POD, "automountServiceAccountToken")),
    Mutation("restricted-pods", "all capabilities", WORKER, without(*_CONTAINER, "securityContext", "capabilities")),
    Mutation("digests", "an image by tag", WORKER, to("222222222222.dkr.ecr.eu-central-1.amazonaws.com/ai-eval-platform-prod/worker:latest", *_CONTAINER, "image")),
    Mutation("digests", "Argo CD by tag", "argocd-install/kustomization.yaml", without("images", 0, "digest")),
    Mutation("probes", "no liveness", WORKER, without(*_CONTAINER, "livenessProbe")),
    Mutation("probes", "liveness that depends on stores", ORCHESTRATOR, to("/readyz", *_CONTAINER, "livenessProbe", "httpGet", "path")),
    Mutation("disruption-budgets", "no budget", "k8s/worker/PodDisruptionBudget-worker.yaml", None),
    Mutation("disruption-budgets", "a budget that forbids evictions", "k8s/orchestrator/PodDisruptionBudget-orchestrator.yaml", to(0, "spec", "maxUnavailable")),
    Mutation("disruption-budgets", "a chart's replicas without a budget", ADAPTER, without(*_VALUES, "podDisruptionBudget")),
    Mutation("alert-routes", "an owner whose route leads to nobody", ALERTMANAGER, replaced("- receiver: product-warning", "- receiver: nobody", *_ROUTES)),
    Mutation("alert-routes", "a webhook that nothing fills", ALERTMANAGER, without("spec", "target", "template", "data", "product-warning")),
    Mutation("alert-routes", "a severity that no route knows", HEALTH, alert("QueueUnreachable", to("critcal", "labels", "severity"))),
    Mutation("alert-runbooks", "a heading that is not there", HEALTH, alert("QueueUnreachable", replaced("#queue-reachable", "#no-such-heading", "annotations", "runbook_url"))),
    Mutation("restore-practised", "a store without an alert", HEALTH, alert("RestoreUnprovenRds", replaced("PostgreSQL", "Redis", "expr"))),
    Mutation("restore-practised", "an alert on another metric", HEALTH, alert("RestoreUnprovenClickhouse", replaced("last_restore_maximum", "clickhouse_backups_completed_sum", "expr"))),
    Mutation("alert-runbooks", "no runbook", HEALTH, alert("QueueUnreachable", without("annotations", "runbook_url"))),
    Mutation("support-windows", "a minor whose support has ended", stack("cluster"), to("1.29", *_CLUSTER, "version")),
    Mutation("support-windows", "an add-on of another minor", stack("cluster"), to("v1.36.0-eksbuild.25", "resource", "aws_eks_addon", "kube-proxy-addon", "addon_version")),
    Mutation("node-updates", "an old image", stack("cluster"), to("1.35.0-20260201", *_NODES, "general", "release_version")),
    Mutation("node-updates", "all nodes at once", stack("cluster"), without(*_NODES, "general", "update_config")),
    Mutation("store-updates", "no security fixes", stack("database"), to(False, *_INSTANCE, "auto_minor_version_upgrade")),
    Mutation("cost-budget", "nobody gets a mail", stack("budget"), to([""], "resource", "aws_budgets_budget", "month", "notification", 0, "subscriber_email_addresses")),
    Mutation("cost-budget", "a budget of nothing", stack("budget"), to("0", "resource", "aws_budgets_budget", "month", "limit_amount")),
    Mutation("cost-budget", "no early mail", stack("budget"), without("resource", "aws_budgets_budget", "month", "notification", 0)),
    Mutation("cost-budget", "a budget of a year", stack("budget"), to("ANNUALLY", "resource", "aws_budgets_budget", "month", "time_unit")),
)  # fmt: skip

WIRING = (
    Mutation("files", "a stack that is missing", stack("registry"), None),
    Mutation("files", "a stack without resources", stack("registry"), to({}, "resource")),
    Mutation("files", "an object with another name than its file", "k8s/monitoring/Role-grafana-sidecar.yaml", to("other", "metadata", "name")),
    Mutation("secret-entries", "an entry that no stack makes", "k8s/secrets/ExternalSecret-redis.yaml", to("prod/eval-platform/other", "spec", "data", 0, "remoteRef", "key")),
    Mutation("secret-entries", "a field that Terraform does not write", "k8s/secrets/ExternalSecret-postgres.yaml", to("user", "spec", "data", 0, "remoteRef", "property")),
    Mutation("secret-entries", "an entry that Terraform does not fill", stack("database"), without("resource", "aws_secretsmanager_secret_version", "postgres")),
    Mutation("secret-entries", "an entry that no program may fill", stack("clickhouse"), replaced("secretsmanager:PutSecretValue", "secretsmanager:GetSecretValue", "resource", "aws_iam_role_policy", "role-1-policy", "policy")),
    Mutation("secret-entries", "no store", "k8s/secrets/SecretStore-aws-secrets-manager.yaml", None),
    Mutation("secret-keys", "a Secret that nothing makes", WORKER, to("postgres-replica", *_POD, "volumes", 1, "secret", "secretName")),
    Mutation("secret-keys", "a key that the Secret does not have", EXPORTER, to("address", *_VALUES, "redisAddressConfig", "source", "key")),
    Mutation("secret-keys", "a file that the Secret does not have", "k8s/clickhouse-schema/Job-clickhouse-schema.yaml", to("/etc/eval-platform/clickhouse-schema/other.xml", *_CONTAINER, "env", 0, "value")),
    Mutation("secret-keys", "a Secret that nothing uses", "k8s/database-users/Job-database-users.yaml", without(*_POD, "volumes", 1)),
    Mutation("operators-secrets", "another role that reads the providers' keys", stack("cluster"), replaced('"Statement": [', '"Statement": [{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": ["arn:aws:secretsmanager:eu-central-1:222222222222:secret:prod/eval-platform/llm-keys-??????"]}, ', "resource", "aws_iam_role_policy", "worker-role-policy", "policy")),
    Mutation("pod-identities", "another service account", stack("cluster"), to("workers", "resource", "aws_eks_pod_identity_association", "worker-identity", "service_account")),
    Mutation("pod-identities", "a role that trusts another namespace", stack("cluster"), replaced('namespace\": \"eval-platform', 'namespace\": \"default', "resource", "aws_iam_role", "worker-role", "assume_role_policy")),
    Mutation("service-accounts", "no account", "k8s/database-users/ServiceAccount-database-users.yaml", None),
    Mutation("iam-wildcards", "everything is allowed", stack("cluster"), replaced('["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"]', '["cloudwatch:*"]', "resource", "aws_iam_role_policy", "cloudwatch-exporter-role-policy", "policy")),
    Mutation("policy-resources", "a bucket that no stack makes", stack("cluster"), replaced("prod-reports-222222222222/*", "prod-results-222222222222/*", "resource", "aws_iam_role_policy", "worker-role-policy", "policy")),
    Mutation("policy-resources", "a key that no stack makes", stack("storage"), without("output", "cross-stack-output-aws_kms_keykeyarn")),
    Mutation("policy-resources", "a program's bucket that no stack makes", "k8s/worker/ConfigMap-worker.yaml", to("other", "data", "REPORTS_BUCKET")),
    Mutation("iam-used", "a role that nothing uses", stack("clickhouse"), without("resource", "aws_iam_instance_profile", "profile-1")),
    Mutation("iam-used", "a role that no policy may assume", stack("clickhouse"), replaced("role/ai-eval-platform-prod-restore-drill", "role/ai-eval-platform-prod-clickhouse-2", "resource", "aws_iam_role_policy", "role-1-policy", "policy")),
    Mutation("iam-used", "a policy of no role", stack("cluster"), to("${aws_iam_role.other.name}", "resource", "aws_iam_role_policy", "worker-role-policy", "role")),
    Mutation("iam-used", "a role that may do nothing", stack("cluster"), without("resource", "aws_iam_role_policy", "worker-role-policy")),
    Mutation("taints", "a taint that is not tolerated", WORKER, without(*_POD, "tolerations")),
    Mutation("taints", "nodes that do not exist", WORKER, to("workers", *_POD, "nodeSelector", "eval-platform.io/pool")),
    Mutation("taints", "a taint that the autoscaler does not expect", stack("cluster"), without("resource", "aws_autoscaling_group_tag", "workers-spot-autoscaler-taint")),
    Mutation("selectors", "a Service without pods", SERVICE, to("api", "spec", "selector", "app.kubernetes.io/name"), also=("load-balancer-subnets",)),
    Mutation("selectors", "a port that the pods do not open", SERVICE, to("web", "spec", "ports", 0, "targetPort")),
    Mutation("selectors", "a probe of a port that the container does not open", WORKER, to("nope", *_CONTAINER, "livenessProbe", "httpGet", "port")),
    Mutation("selectors", "a policy for a port that the pods do not open", POLICY, to(8081, "spec", "ingress", 0, "ports", 0, "port")),
    Mutation("selectors", "an Ingress to another port", INGRESS, to("https", "spec", "rules", 0, "http", "paths", 0, "backend", "service", "port", "name")),
    Mutation("autoscaling-metric", "a metric that no rule makes", SCALER, to("queue_jobs", "spec", "metrics", 1, "external", "metric", "name")),
    Mutation("autoscaling-metric", "another target", SCALER, to("StatefulSet", "spec", "scaleTargetRef", "kind")),
    Mutation("autoscaling-metric", "a key that the exporter does not measure", EXPORTER, to("db0=eval:other", *_VALUES, "extraArgs", "check-single-keys")),
    Mutation("autoscaling-metric", "programs with another queue", "k8s/worker/ConfigMap-worker.yaml", to("eval:other", "data", "REDIS_QUEUE_KEY")),
    Mutation("application-paths", "a folder that is not rendered", WORKER_APP, to("rendered/prod/k8s/workers", "spec", "source", "path")),
    Mutation("application-paths", "a project that does not exist", WORKER_APP, to("other", "spec", "project")),
    Mutation("application-paths", "a folder that no Application syncs", WORKER_APP, None),
    Mutation("namespaces", "a namespace that nothing makes", "k8s/monitoring/Namespace-monitoring.yaml", None),
    Mutation("metric-names", "a metric that nobody emits", HEALTH, alert("QueueUnreachable", replaced("redis_up", "redis_alive", "expr"))),
    Mutation("metric-names", "a query that cannot be parsed", HEALTH, alert("QueueUnreachable", to("min(redis_up", "expr"))),
    Mutation("load-balancer-subnets", "subnets without the tag", stack("network"), without("resource", "aws_subnet", "public-subnet-1", "tags", "kubernetes.io/role/internal-elb")),
    Mutation("load-balancer-subnets", "a policy that refuses the load balancer", POLICY, without("spec", "ingress", 0, "from", 0)),
    Mutation("certificate", "a host without a certificate", INGRESS, to("other.example.com", "spec", "tls", 0, "hosts", 0)),
    Mutation("certificate", "an expiry that nobody reads", CLOUDWATCH, replaced("DaysToExpiry", "DaysLeft", *_VALUES, "config")),
    Mutation("backup-selections", "a bucket that does not exist", stack("backup"), to("arn:aws:s3:::other", "resource", "aws_backup_selection", "buckets-selection", "resources", 2), also=("backups",)),
    Mutation("backup-selections", "a vault that does not exist", stack("backup"), to("${aws_backup_vault.other.name}", "resource", "aws_backup_plan", "buckets-plan", "rule", 1, "target_vault_name")),
)  # fmt: skip

MUTATIONS = (*GO_LIVE, *WIRING)
