"""Every name on which two planes must agree, computed from the environment and nothing else."""

from dataclasses import dataclass
from enum import StrEnum

from environments.spec import Environment

PLATFORM = "ai-eval-platform"
NAMESPACE = "eval-platform"
ARGOCD_NAMESPACE = "argocd"


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

    NAMESPACE = "namespace"
    SECRETS = "secrets"
    DATABASE_USERS = "database-users"
    ORCHESTRATOR = "orchestrator"
    WORKER = "worker"


class Secret(StrEnum):
    """Secrets Manager entries below `<environment>/eval-platform/`; `docs/secrets.md` tells their lives."""

    LLM_KEYS = "llm-keys"
    POSTGRES_ADMIN = "postgres-admin"
    POSTGRES = "postgres"
    REDIS_USER = "redis-user"
    REDIS = "redis"
    CLICKHOUSE = "clickhouse"
    CLICKHOUSE_ADMIN = "clickhouse-admin"
    CLICKHOUSE_INTERSERVER = "clickhouse-interserver"
    CLICKHOUSE_CA = "clickhouse-ca"
    CLICKHOUSE_CA_KEY = "clickhouse-ca-key"


# What the External Secrets Operator may read, and turns into Kubernetes Secrets. The others are for
# AWS's side only: the cluster cannot read them.
KUBERNETES_SECRETS = (
    Secret.LLM_KEYS,
    Secret.POSTGRES_ADMIN,
    Secret.POSTGRES,
    Secret.REDIS_USER,
    Secret.REDIS,
    Secret.CLICKHOUSE,
    Secret.CLICKHOUSE_CA,
)


class Bucket(StrEnum):
    """S3 buckets by purpose."""

    STATE = "tfstate"
    DATASETS = "datasets"
    REPORTS = "reports"
    BACKUPS = "backups"
    ACCESS_LOGS = "access-logs"


class Image(StrEnum):
    """Container images, each one ECR repository."""

    ORCHESTRATOR = "orchestrator"
    WORKER = "worker"
    POSTGRES_CLIENT = "postgres-client"


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

# Spot nodes carry this label and taint; worker pods select the one and tolerate the other.
NODE_POOL_LABEL = "eval-platform.io/pool"
WORKER_POOL = "workers-spot"
GENERAL_POOL = "general"

# Where Kubernetes services get their addresses. EKS would choose between this and 10.100.0.0/16 by
# itself (API reference, KubernetesNetworkConfigRequest); no VPC may overlap it.
SERVICE_CIDR = "172.20.0.0/16"

POSTGRES_PORT = 5432
POSTGRES_DATABASE = "eval_platform"
POSTGRES_APP_USER = "eval_app"
REDIS_PORT = 6379
REDIS_APP_USER = "eval-app"
REDIS_QUEUE_KEY = "eval:jobs"
CLICKHOUSE_HTTPS_PORT = 8443
CLICKHOUSE_NATIVE_TLS_PORT = 9440
CLICKHOUSE_DATABASE = "eval_platform"
CLICKHOUSE_CLUSTER = "eval"
CLICKHOUSE_APP_USER = "eval_app"
ORCHESTRATOR_PORT = 8080
METRICS_PORT = 9090


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

    def role_arn(self, role_name: str) -> str:
        return f"arn:aws:iam::{self.env.account.id}:role/{role_name}"

    def image_repository(self, image: Image) -> str:
        """ECR repository name."""
        return f"{self.prefix}/{image}"

    def image(self, image: Image) -> str:
        """Full reference by digest: an image that was scanned and tested is the image that runs."""
        digests = {
            Image.ORCHESTRATOR: self.env.images.orchestrator,
            Image.WORKER: self.env.images.worker,
            Image.POSTGRES_CLIENT: self.env.images.postgres_client,
        }
        registry = f"{self.env.account.id}.dkr.ecr.{self.env.account.region}.amazonaws.com"
        return f"{registry}/{self.image_repository(image)}@{digests[image]}"

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

    def application(self, app: App) -> str:
        """The app's Argo CD Application; alerts name it, so it tells the environment."""
        return f"{self.prefix}-{app}"

    @property
    def argocd_folder(self) -> str:
        """Below the repository's root; what the root Application syncs."""
        return f"rendered/{self.env.name}/argocd"
