"""Every name on which two planes must agree, computed from the environment and nothing else."""

from dataclasses import dataclass
from enum import StrEnum

from environments.images import Image
from environments.spec import Environment

PLATFORM = "ai-eval-platform"
NAMESPACE = "eval-platform"
ARGOCD_NAMESPACE = "argocd"
MONITORING_NAMESPACE = "monitoring"
PREVIEW_NAMESPACE_PREFIX = "eval-pr-"  # a preview's namespace ends in its pull request's number


class Stack(StrEnum):
    """The Terraform states of an environment, in the order in which they are applied."""

    STATE = "state"
    NETWORK = "network"
    SECRETS = "secrets"
    STORAGE = "storage"
    CLUSTER = "cluster"
    DATABASE = "database"
    QUEUE = "queue"
    CLICKHOUSE = "clickhouse"
    BACKUP = "backup"
    REGISTRY = "registry"
    DELIVERY = "delivery"


class App(StrEnum):
    """The Kubernetes apps, each one folder of manifests and one Argo CD Application, in sync order."""

    FOUNDATION = "foundation"
    NAMESPACE = "namespace"
    SECRETS = "secrets"
    DATABASE_USERS = "database-users"
    CLICKHOUSE_SCHEMA = "clickhouse-schema"
    ORCHESTRATOR = "orchestrator"
    MONITORING = "monitoring"
    WORKER = "worker"


def namespace_of(app: App) -> str:
    """Where an app's objects live."""
    return MONITORING_NAMESPACE if app is App.MONITORING else NAMESPACE


class Addon(StrEnum):
    """Helm charts that the platform needs in its cluster, each one Argo CD Application."""

    PROMETHEUS_CRDS = "prometheus-operator-crds"
    EXTERNAL_SECRETS = "external-secrets"
    LOAD_BALANCER_CONTROLLER = "aws-load-balancer-controller"
    CLUSTER_AUTOSCALER = "cluster-autoscaler"
    METRICS_SERVER = "metrics-server"
    PROMETHEUS_STACK = "kube-prometheus-stack"
    PROMETHEUS_ADAPTER = "prometheus-adapter"
    REDIS_EXPORTER = "prometheus-redis-exporter"
    CLOUDWATCH_EXPORTER = "prometheus-yet-another-cloudwatch-exporter"


class Secret(StrEnum):
    """Secrets Manager entries below `<environment>/eval-platform/`; `docs/secrets.md` tells their lives."""

    LLM_KEYS = "llm-keys"
    POSTGRES_ADMIN = "postgres-admin"
    POSTGRES = "postgres"
    REDIS_USER = "redis-user"
    REDIS_METRICS_USER = "redis-metrics-user"
    REDIS = "redis"
    CLICKHOUSE = "clickhouse"
    CLICKHOUSE_SCHEMA = "clickhouse-schema"
    CLICKHOUSE_READER = "clickhouse-reader"
    CLICKHOUSE_ADMIN = "clickhouse-admin"
    CLICKHOUSE_INTERSERVER = "clickhouse-interserver"
    CLICKHOUSE_CA = "clickhouse-ca"
    CLICKHOUSE_CA_KEY = "clickhouse-ca-key"
    GRAFANA_ADMIN = "grafana-admin"
    SLACK_WEBHOOKS = "slack-webhooks"


# What the External Secrets Operator may read, and turns into Kubernetes Secrets. The others are for
# AWS's side only: the cluster cannot read them.
KUBERNETES_SECRETS = (
    Secret.LLM_KEYS,
    Secret.POSTGRES_ADMIN,
    Secret.POSTGRES,
    Secret.REDIS_USER,
    Secret.REDIS_METRICS_USER,
    Secret.REDIS,
    Secret.CLICKHOUSE,
    Secret.CLICKHOUSE_SCHEMA,
    Secret.CLICKHOUSE_READER,
    Secret.CLICKHOUSE_CA,
    Secret.GRAFANA_ADMIN,
    Secret.SLACK_WEBHOOKS,
)

# What a person puts in, and no program but the cluster's may see.
OPERATORS_SECRETS = (Secret.LLM_KEYS, Secret.SLACK_WEBHOOKS)


class Bucket(StrEnum):
    """S3 buckets by purpose."""

    STATE = "tfstate"
    DATASETS = "datasets"
    REPORTS = "reports"
    BACKUPS = "backups"
    ACCESS_LOGS = "access-logs"


@dataclass(frozen=True)
class ServiceAccount:
    """A Kubernetes service account that an AWS role is bound to."""

    namespace: str
    name: str


ORCHESTRATOR = ServiceAccount(NAMESPACE, "orchestrator")
WORKER = ServiceAccount(NAMESPACE, "worker")
EXTERNAL_SECRETS = ServiceAccount("external-secrets", "external-secrets")
LOAD_BALANCER_CONTROLLER = ServiceAccount("kube-system", "aws-load-balancer-controller")
CLUSTER_AUTOSCALER = ServiceAccount("kube-system", "cluster-autoscaler")
EBS_CSI_CONTROLLER = ServiceAccount("kube-system", "ebs-csi-controller-sa")
VPC_CNI = ServiceAccount("kube-system", "aws-node")
CLOUDWATCH_EXPORTER = ServiceAccount(MONITORING_NAMESPACE, "cloudwatch-exporter")

# Spot nodes carry this label and taint; worker pods select the one and tolerate the other.
NODE_POOL_LABEL = "eval-platform.io/pool"
WORKER_POOL = "workers-spot"
GENERAL_POOL = "general"

# The Kubernetes Secret in which Alertmanager finds its configuration, its templates and its webhooks.
ALERTMANAGER_CONFIG = "alertmanager-config"

# Encrypted EBS volumes, for every claim that names no class.
DEFAULT_STORAGE_CLASS = "gp3"

# Where Kubernetes services get their addresses. EKS would choose between this and 10.100.0.0/16 by
# itself (API reference, KubernetesNetworkConfigRequest); no VPC may overlap it.
SERVICE_CIDR = "172.20.0.0/16"

POSTGRES_PORT = 5432
POSTGRES_DATABASE = "eval_platform"
POSTGRES_APP_USER = "eval_app"
POSTGRES_PREVIEW_SCHEMA = "eval_preview"
REDIS_PORT = 6379
REDIS_APP_USER = "eval-app"
REDIS_METRICS_USER = "eval-metrics"
REDIS_QUEUE_KEY = "eval:jobs"
QUEUE_METRIC = "eval_queue_waiting_jobs"  # what the length is called in the cluster's API
CLICKHOUSE_HTTPS_PORT = 8443
CLICKHOUSE_NATIVE_TLS_PORT = 9440
CLICKHOUSE_DATABASE = "eval_platform"
CLICKHOUSE_CLUSTER = "eval"
CLICKHOUSE_APP_USER = "eval_app"  # reads and writes rows
CLICKHOUSE_SCHEMA_USER = "eval_schema"  # makes and changes tables
CLICKHOUSE_READER = "eval_reader"  # dashboards
# What the nodes tell CloudWatch, which Prometheus reads there.
CLOUDWATCH_NAMESPACE = "eval-platform"
CLICKHOUSE_BACKUPS_METRIC = "ClickhouseBackupsCompleted"
ORCHESTRATOR_PORT = 8080
METRICS_PORT = 9090

# The charts' own; network policies and other charts name them.
PROMETHEUS_PORT = 9090
ALERTMANAGER_PORT = 9093
ALERTMANAGER_CLUSTER_PORT = 9094

# Which part of monitoring a pod is. The charts put it onto their pods and the network policies select
# by it, so that neither needs to know the labels that the other end happens to use.
MONITORING_LABEL = "eval-platform.io/monitoring"
# Lets Grafana's sidecars read ConfigMaps of their namespace, and no Secret.
GRAFANA_SIDECAR_ROLE = "grafana-sidecar"

# Where Grafana's pod finds what its ClickHouse data source may not say in Git.
GRAFANA_CLICKHOUSE_FILES = "/etc/secrets/clickhouse"
GRAFANA_CLICKHOUSE_PASSWORD = "password"
GRAFANA_CLICKHOUSE_CA = "ca.crt"


class MonitoringPart(StrEnum):
    """Values of MONITORING_LABEL."""

    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"
    OPERATOR = "operator"
    GRAFANA = "grafana"
    KUBE_STATE_METRICS = "kube-state-metrics"
    ADAPTER = "adapter"
    REDIS_EXPORTER = "redis-exporter"
    CLOUDWATCH_EXPORTER = "cloudwatch-exporter"


@dataclass(frozen=True)
class Names:
    """The names of one environment."""

    env: Environment

    @property
    def prefix(self) -> str:
        """First part of every AWS name, `ai-eval-platform-prod`; also the EKS cluster's name (B2)."""
        return f"{PLATFORM}-{self.env.name}"

    @property
    def cluster(self) -> str:
        return self.prefix

    @property
    def cluster_arn(self) -> str:
        account = self.env.account
        return f"arn:aws:eks:{account.region}:{account.id}:cluster/{self.cluster}"

    def aws(self, role: str) -> str:
        """The AWS name of the thing with this role, as in `ai-eval-platform-prod-postgres`."""
        return f"{self.prefix}-{role}"

    def bucket(self, bucket: Bucket) -> str:
        """S3 names are global: the account id keeps two installations of this platform apart."""
        return f"{self.prefix}-{bucket}-{self.env.account.id}"

    def bucket_arn(self, bucket: Bucket) -> str:
        return f"arn:aws:s3:::{self.bucket(bucket)}"

    def state_key(self, stack: Stack) -> str:
        return f"{stack}.tfstate"

    def secret(self, secret: Secret) -> str:
        """Secrets Manager name, as in `prod/eval-platform/llm-keys` (B5)."""
        return f"{self.env.name}/eval-platform/{secret}"

    def secret_arn(self, secret: Secret) -> str:
        """As a pattern: Secrets Manager ends each ARN with six characters of its own."""
        account = self.env.account
        return f"arn:aws:secretsmanager:{account.region}:{account.id}:secret:{self.secret(secret)}-??????"

    def role_arn(self, role_name: str) -> str:
        """`role_name` with the role's path before it, where it has one."""
        return f"arn:aws:iam::{self.env.account.id}:role/{role_name}"

    @property
    def boundary_arn(self) -> str:
        """The permissions boundary of every role but those of the delivery itself."""
        return f"arn:aws:iam::{self.env.account.id}:policy/{self.aws('boundary')}"

    def image_repository(self, image: Image) -> str:
        """ECR repository name."""
        return f"{self.prefix}/{image}"

    def image(self, image: Image) -> str:
        """Full reference by digest: an image that was scanned and tested is the image that runs."""
        registry = f"{self.env.account.id}.dkr.ecr.{self.env.account.region}.amazonaws.com"
        return f"{registry}/{self.image_repository(image)}@{self.env.images[image]}"

    @property
    def private_zone(self) -> str:
        """Private Route 53 zone of the VPC."""
        return f"{self.env.name}.{PLATFORM}.internal"

    @property
    def clickhouse_hosts(self) -> tuple[str, ...]:
        return tuple(
            f"clickhouse-{index}.{self.private_zone}"
            for index in range(1, self.env.clickhouse.nodes + 1)
        )

    @property
    def clickhouse_host(self) -> str:
        """One name for all ClickHouse nodes."""
        return f"clickhouse.{self.private_zone}"

    def labels(self, app: str) -> dict[str, str]:
        """The recommended Kubernetes labels of every object."""
        return {
            "app.kubernetes.io/name": app,
            "app.kubernetes.io/component": app,
            "app.kubernetes.io/part-of": PLATFORM,
            "app.kubernetes.io/managed-by": "cdk8s",
        }

    def tags(self, component: str) -> dict[str, str]:
        """The tags of every AWS resource."""
        return {
            "Environment": self.env.name,
            "Platform": PLATFORM,
            "Component": component,
            "Owner": self.env.ownership.owner,
            "CostCenter": self.env.ownership.cost_center,
            "ManagedBy": "cdktf",
        }

    def stack_folder(self, stack: Stack) -> str:
        """Below the repository's root."""
        return f"rendered/{self.env.name}/terraform/{stack}"

    def app_folder(self, app: App) -> str:
        """Below the repository's root; where the app is rendered and what its Application syncs."""
        return f"rendered/{self.env.name}/k8s/{app}"

    @property
    def argocd_project(self) -> str:
        """The AppProject of the platform's apps."""
        return self.prefix

    @property
    def argocd_root(self) -> str:
        """The root Application, and the AppProject that holds it alone."""
        return f"{self.prefix}-root"

    @property
    def argocd_installation(self) -> str:
        """The Application by which Argo CD manages itself, and the AppProject that holds it alone."""
        return f"{self.prefix}-argocd"

    @property
    def argocd_addons_project(self) -> str:
        """The AppProject of the add-ons."""
        return f"{self.prefix}-addons"

    def application(self, app: App | Addon) -> str:
        """The app's Argo CD Application; alerts name it, so it tells the environment."""
        return f"{self.prefix}-{app}"

    @property
    def argocd_folder(self) -> str:
        """Below the repository's root; what the root Application syncs."""
        return f"rendered/{self.env.name}/argocd"

    @property
    def argocd_installation_folder(self) -> str:
        """Below the repository's root; Argo CD itself, as a Kustomization."""
        return f"{self.argocd_folder}-install"

    @property
    def argocd_dashboards(self) -> str:
        """The Application that syncs the observation plane, and the AppProject that holds it alone."""
        return f"{self.prefix}-dashboards"

    @property
    def argocd_previews(self) -> str:
        """The ApplicationSet that makes an Application per preview, and the AppProject of these."""
        return f"{self.prefix}-previews"

    @property
    def preview_folder(self) -> str:
        """Below the repository's root; every preview, as a Kustomization that Argo CD adapts."""
        return f"rendered/{self.env.name}/preview"

    @property
    def dashboards_folder(self) -> str:
        """Below the repository's root; where the observation plane is rendered."""
        return f"rendered/{self.env.name}/dashboards"
