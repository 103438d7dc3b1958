"""Every name on which two planes must agree, computed from the environment and nothing else."""

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from typing import Self

from environments.images import Image
from environments.spec import Environment

PLATFORM = "ai-eval-platform"
ENVIRONMENT_TAG = "Environment"  # of every AWS resource; its value is the environment's name
NAMESPACE = "eval-platform"
ARGOCD_NAMESPACE = "argocd"
MONITORING_NAMESPACE = "monitoring"
EXTERNAL_SECRETS_NAMESPACE = "external-secrets"
PREVIEW_NAMESPACE_PREFIX = "eval-pr-"  # the pull request's number follows


# What is deployed

TERRAFORM_FILE = "cdk.tf.json"  # in each stack's folder, under the name that cdktf gives it
LOCK_FILE = ".terraform.lock.hcl"  # in the same folder, under the name that terraform reads

# Which provider terraform installs, and its hashes; paths from the repository's root.
CLI_CONFIGURATION = "stacks/terraform.tfrc"
PROVIDER_LOCK = "stacks/terraform.lock.hcl"  # copied to each LOCK_FILE


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
    BUDGET = "budget"
    DELIVERY = "delivery"


# An administrator applies these: the deploy role may not change the state bucket or its own permissions,
# and may not write the states that the administrator's terraform reads.
APPLIED_BY_PEOPLE = (Stack.STATE, Stack.DELIVERY)


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


# Each sync runs a job that has the app's name, and waits for it.
APPS_WITH_A_JOB = (App.DATABASE_USERS, App.CLICKHOUSE_SCHEMA)


def namespace_of(app: App) -> str:
    """The namespace of an app's objects."""
    others = {App.FOUNDATION: EXTERNAL_SECRETS_NAMESPACE, App.MONITORING: MONITORING_NAMESPACE}
    return others.get(app, NAMESPACE)


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


# They answer for a part of the Kubernetes API (`APIService`).
AGGREGATED_API_SERVERS = (Addon.METRICS_SERVER, Addon.PROMETHEUS_ADAPTER)


# Secrets


class Secret(StrEnum):
    """Secrets Manager entries below `<environment>/eval-platform/`; see `docs/secrets.md`."""

    LLM_KEYS = "llm-keys"
    API_TOKEN = "api-token"
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


# The External Secrets Operator may read these, and turns them into Kubernetes Secrets. The others
# serve AWS only: the cluster cannot read them.
KUBERNETES_SECRETS = (
    Secret.LLM_KEYS,
    Secret.API_TOKEN,
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

# People write these, and only programs in the cluster may read them.
OPERATORS_SECRETS = (Secret.LLM_KEYS, Secret.SLACK_WEBHOOKS)

# The LLM providers' keys: fields of the entry, and variables of the workers. Each may be missing.
PROVIDER_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")

# The field with the token of the API's users, and the key of the Kubernetes Secret.
API_TOKEN_KEY = "token"

# The key of a Kubernetes Secret that holds address, user and password in one value.
URL_KEY = "url"


# Buckets


class Bucket(StrEnum):
    """S3 buckets by purpose, each with whether AWS Backup saves it daily."""

    STATE = "tfstate", False  # S3 keeps its older versions
    DATASETS = "datasets", True
    REPORTS = "reports", True
    BACKUPS = "backups", True
    ACCESS_LOGS = "access-logs", False  # no program needs them

    backed_up: bool

    def __new__(cls, purpose: str, backed_up: bool) -> Self:
        bucket = str.__new__(cls, purpose)
        bucket._value_ = purpose
        bucket.backed_up = backed_up
        return bucket


BACKED_UP_BUCKETS = tuple(bucket for bucket in Bucket if bucket.backed_up)

# The `state` stack makes them; the pipeline may not change them.
STATE_STACKS_BUCKETS = (Bucket.STATE, Bucket.ACCESS_LOGS)


# Identities


class DeliveryRole(StrEnum):
    """The AWS roles of GitHub Actions."""

    PLAN = "plan"
    INSPECT = "inspect"
    DEPLOY = "deploy"
    IMAGES = "images"


def delivery_roles(env: Environment) -> tuple[DeliveryRole, ...]:
    """Builds push images only where no other environment runs them first."""
    return tuple(
        role for role in DeliveryRole if role != DeliveryRole.IMAGES or env.promotes_from is None
    )


# The AWS role of the External Secrets Operator, the only one that reads the operators' secrets.
OPERATORS_SECRETS_READER = "external-secrets"


@dataclass(frozen=True)
class ServiceAccount:
    """A Kubernetes service account that an AWS role is bound to."""

    namespace: str
    name: str


ORCHESTRATOR = ServiceAccount(NAMESPACE, "orchestrator")
WORKER = ServiceAccount(NAMESPACE, "worker")
EXTERNAL_SECRETS = ServiceAccount(EXTERNAL_SECRETS_NAMESPACE, "external-secrets")
LOAD_BALANCER_CONTROLLER = ServiceAccount("kube-system", "aws-load-balancer-controller")
CLUSTER_AUTOSCALER = ServiceAccount("kube-system", "cluster-autoscaler")
EBS_CSI_CONTROLLER = ServiceAccount("kube-system", "ebs-csi-controller-sa")
VPC_CNI = ServiceAccount("kube-system", "aws-node")
CLOUDWATCH_EXPORTER = ServiceAccount(MONITORING_NAMESPACE, "cloudwatch-exporter")


# The cluster

# Spot nodes carry this label and taint; worker pods select the label and tolerate the taint.
NODE_POOL_LABEL = "eval-platform.io/pool"
WORKER_POOL = "workers-spot"
GENERAL_POOL = "general"

# What the names of the node groups begin with (B2). The provider appends the time.
GENERAL_NODES = "general-"
WORKER_NODES = "workers_spot-"

# Encrypted EBS volumes, for every claim that names no class.
DEFAULT_STORAGE_CLASS = "gp3"

# The addresses of Kubernetes services. Without it EKS chooses between this range and 10.100.0.0/16
# (API reference, KubernetesNetworkConfigRequest); no VPC may overlap it.
SERVICE_CIDR = "172.20.0.0/16"
# The Service `kubernetes.default`: the API server takes the first address of the range.
API_SERVICE_CIDR = f"{IPv4Network(SERVICE_CIDR)[1]}/32"


class ExternalSecretsPart(StrEnum):
    """The pods of the External Secrets Operator, by the label `app.kubernetes.io/name` of its chart."""

    OPERATOR = "external-secrets"
    WEBHOOK = "external-secrets-webhook"
    CERT_CONTROLLER = "external-secrets-cert-controller"


# Stores

POSTGRES_PORT = 5432
POSTGRES_DATABASE = "eval_platform"
POSTGRES_APP_USER = "eval_app"
POSTGRES_PREVIEW_SCHEMA = "eval_preview"
POSTGRES_LOG_EXPORTS = ("postgresql", "upgrade")  # each has a log group

REDIS_PORT = 6379
REDIS_APP_USER = "eval-app"
REDIS_METRICS_USER = "eval-metrics"
REDIS_QUEUE_KEY = "eval:jobs"
QUEUE_METRIC = "eval_unfinished_jobs"  # jobs that wait or run, in the cluster's metrics API
SMALL_QUEUE = 100  # jobs; below it, workers keep up, and no alert fires

CLICKHOUSE_HTTPS_PORT = 8443
CLICKHOUSE_NATIVE_TLS_PORT = 9440
CLICKHOUSE_DATABASE = "eval_platform"
CLICKHOUSE_CLUSTER = "eval"
CLICKHOUSE_APP_USER = "eval_app"  # reads and writes rows
CLICKHOUSE_SCHEMA_USER = "eval_schema"  # creates and changes tables
CLICKHOUSE_READER = "eval_reader"  # dashboards

# Metrics that the ClickHouse nodes send to CloudWatch, where Prometheus reads them.
CLOUDWATCH_NAMESPACE = "eval-platform"
CLICKHOUSE_BACKUPS_METRIC = "ClickhouseBackupsCompleted"
LAST_RESTORE_METRIC = "LastRestore"  # when, in seconds since 1970; its dimension is the store
RESTORED_STORES = ("ClickHouse", "PostgreSQL")

# The restore drill's role, scratch instance and security group, and the smallest class that RDS has for
# PostgreSQL 17 (RDS user guide, "Supported DB engines for DB instance classes").
RESTORE_DRILL = "restore-drill"
RESTORE_DRILL_CLASS = "db.t4g.micro"


# Workloads

ORCHESTRATOR_PORT = 8080
METRICS_PORT = 9090
# Liveness checks the process only: if it checked the database too, a database outage would restart
# every pod.
LIVENESS_PATH = "/healthz"
READINESS_PATH = "/readyz"  # 200 when the program reaches everything it needs


# Monitoring

# The charts' own ports; network policies and other charts name them.
PROMETHEUS_PORT = 9090
ALERTMANAGER_PORT = 9093
ALERTMANAGER_CLUSTER_PORT = 9094

# The Kubernetes Secret with Alertmanager's configuration, templates and webhooks.
ALERTMANAGER_CONFIG = "alertmanager-config"

# The part of monitoring that a pod belongs to. The charts put this label on their pods and the network
# policies select by it, so neither depends on the other's labels.
MONITORING_LABEL = "eval-platform.io/monitoring"


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


# Grafana

# Allows Grafana's sidecars to read the ConfigMaps of their namespace, and no Secret.
GRAFANA_SIDECAR_ROLE = "grafana-sidecar"
GRAFANA_FOLDER_ANNOTATION = "grafana_folder"  # on a board's ConfigMap: the folder of the board

# Keys of the Secret with the administrator's credentials.
GRAFANA_ADMIN_USER_KEY = "admin-user"
GRAFANA_ADMIN_PASSWORD_KEY = "admin-password"

# The data source's type, and the plugin's id.
GRAFANA_CLICKHOUSE_PLUGIN = "grafana-clickhouse-datasource"
# Files in Grafana's pod with the credentials of that data source, which must not be in Git.
GRAFANA_CLICKHOUSE_FILES = "/etc/secrets/clickhouse"
GRAFANA_CLICKHOUSE_PASSWORD = "password"
GRAFANA_CLICKHOUSE_CA = "ca.crt"


@dataclass(frozen=True)
class Names:
    """The names of one environment."""

    env: Environment

    @property
    def prefix(self) -> str:
        """First part of every AWS name, as in `ai-eval-platform-prod`; also the EKS cluster's name (B2)."""
        return f"{PLATFORM}-{self.env.name}"

    @property
    def cluster(self) -> str:
        return self.prefix

    @property
    def cluster_arn(self) -> str:
        account = self.env.account
        return f"arn:aws:eks:{account.region}:{account.id}:cluster/{self.cluster}"

    @property
    def cluster_log_group(self) -> str:
        """The log group of the control plane; EKS chooses the name."""
        return f"/aws/eks/{self.cluster}/cluster"

    @property
    def database_log_groups(self) -> dict[str, str]:
        """The log group of each export; RDS chooses the names."""
        instance = self.aws("postgres")
        return {export: f"/aws/rds/instance/{instance}/{export}" for export in POSTGRES_LOG_EXPORTS}

    def aws(self, role: str) -> str:
        """The AWS name of the resource with this role, as in `ai-eval-platform-prod-postgres`."""
        return f"{self.prefix}-{role}"

    def bucket(self, bucket: Bucket) -> str:
        """S3 names are global: the account id keeps two installations of this platform apart."""
        return f"{self.prefix}-{bucket}-{self.env.account.id}"

    def bucket_arn(self, bucket: Bucket) -> str:
        return f"arn:aws:s3:::{self.bucket(bucket)}"

    @property
    def bucket_arns(self) -> str:
        """A pattern for every bucket, also those that do not exist yet; it matches keys of objects too."""
        return f"arn:aws:s3:::{self.prefix}-*-{self.env.account.id}"

    def state_key(self, stack: Stack) -> str:
        return f"{stack}.tfstate"

    def secret(self, secret: Secret) -> str:
        """Secrets Manager name, as in `prod/eval-platform/llm-keys` (B5)."""
        return f"{self.env.name}/eval-platform/{secret}"

    def secret_arn(self, secret: Secret) -> str:
        """A pattern: Secrets Manager appends six characters of its own to each ARN."""
        account = self.env.account
        return f"arn:aws:secretsmanager:{account.region}:{account.id}:secret:{self.secret(secret)}-??????"

    def role_arn(self, role_name: str) -> str:
        """`role_name` includes the role's path, if it has one."""
        return f"arn:aws:iam::{self.env.account.id}:role/{role_name}"

    @property
    def first_clickhouse_role_arn(self) -> str:
        """The role of the node that makes the private authority and practises restores."""
        return self.role_arn(self.aws("clickhouse-1"))

    @property
    def boundary_arn(self) -> str:
        """The permissions boundary of every role except the delivery roles."""
        return f"arn:aws:iam::{self.env.account.id}:policy/{self.aws('boundary')}"

    @property
    def budget(self) -> str:
        """The month's budget in AWS Budgets, a service without regions."""
        return self.aws("month")

    @property
    def budget_arn(self) -> str:
        return f"arn:aws:budgets::{self.env.account.id}:budget/{self.budget}"

    @property
    def image_registry(self) -> str:
        """The account's ECR registry."""
        return f"{self.env.account.id}.dkr.ecr.{self.env.account.region}.amazonaws.com"

    def image_repository(self, image: Image) -> str:
        """ECR repository name."""
        return f"{self.prefix}/{image}"

    def image_repository_arn(self, image: Image) -> str:
        account = self.env.account
        return (
            f"arn:aws:ecr:{account.region}:{account.id}:repository/{self.image_repository(image)}"
        )

    def image(self, image: Image) -> str:
        """Full reference, by digest: the image that runs is the one that was scanned and tested."""
        return f"{self.image_registry}/{self.image_repository(image)}@{self.env.images[image]}"

    @property
    def load_balancer(self) -> str:
        """The load balancer in front of the orchestrator; its metrics have it in their dimension."""
        return self.prefix

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
        """One name for all ClickHouse nodes that are admitted."""
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
            ENVIRONMENT_TAG: self.env.name,
            "Platform": PLATFORM,
            "Component": component,
            "Owner": self.env.ownership.owner,
            "CostCenter": self.env.ownership.cost_center,
            "ManagedBy": "cdktf",
        }

    def application(self, app: App | Addon) -> str:
        """The app's Argo CD Application; alerts name it, so it contains the environment's name."""
        return f"{self.prefix}-{app}"

    @property
    def argocd_project(self) -> str:
        """The AppProject of the platform's apps."""
        return self.prefix

    @property
    def argocd_addons_project(self) -> str:
        """The AppProject of the add-ons."""
        return f"{self.prefix}-addons"

    @property
    def argocd_root(self) -> str:
        """The root Application, and the AppProject that holds only it."""
        return f"{self.prefix}-root"

    @property
    def argocd_installation(self) -> str:
        """The Application by which Argo CD manages itself, and the AppProject that holds only it."""
        return f"{self.prefix}-argocd"

    @property
    def argocd_dashboards(self) -> str:
        """The Application that syncs the observation plane, and the AppProject that holds only it."""
        return f"{self.prefix}-dashboards"

    @property
    def argocd_previews(self) -> str:
        """The ApplicationSet that creates an Application for each preview, and their AppProject."""
        return f"{self.prefix}-previews"

    # Paths, relative to the repository's root.

    @property
    def overview(self) -> str:
        """The page that describes the environment."""
        return f"rendered/{self.env.name}/README.md"

    def stack_folder(self, stack: Stack) -> str:
        return f"rendered/{self.env.name}/terraform/{stack}"

    def stack_file(self, stack: Stack) -> str:
        return f"{self.stack_folder(stack)}/{TERRAFORM_FILE}"

    def stack_lock(self, stack: Stack) -> str:
        return f"{self.stack_folder(stack)}/{LOCK_FILE}"

    def app_folder(self, app: App) -> str:
        """The app's manifests, which its Application syncs."""
        return f"rendered/{self.env.name}/k8s/{app}"

    @property
    def preview_folder(self) -> str:
        """A preview, as a Kustomization that Argo CD adapts to each pull request."""
        return f"rendered/{self.env.name}/preview"

    @property
    def dashboards_folder(self) -> str:
        """The observation plane."""
        return f"rendered/{self.env.name}/dashboards"

    @property
    def argocd_folder(self) -> str:
        """What the root Application syncs."""
        return f"rendered/{self.env.name}/argocd"

    @property
    def argocd_installation_folder(self) -> str:
        """Argo CD itself, as a Kustomization."""
        return f"{self.argocd_folder}-install"
