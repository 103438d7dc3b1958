"""Names that are too long for AWS or Kubernetes."""

from collections.abc import Iterator

from environments.names import (
    REDIS_APP_USER,
    REDIS_METRICS_USER,
    Bucket,
    Names,
    Secret,
    Stack,
)
from environments.spec import Environment

_ROLE_SUFFIX_LENGTH = len("-load-balancer-controller")


def problems(env: Environment) -> Iterator[str]:
    names = Names(env)
    # Limits: S3 63, IAM role 64, load balancer 32, ElastiCache replication group and user 40, RDS 63, EKS cluster 100,
    # Secrets Manager 512, Kubernetes label 63 (each service's API reference).
    longest: tuple[tuple[str, str, int], ...] = (
        *(("S3 bucket", names.bucket(bucket), 63) for bucket in Bucket),
        ("IAM role", names.prefix + "x" * _ROLE_SUFFIX_LENGTH, 64),
        ("load balancer", names.load_balancer, 32),
        ("ElastiCache replication group", names.aws("redis"), 40),
        ("ElastiCache user", names.aws(REDIS_APP_USER), 40),
        ("ElastiCache user", names.aws(REDIS_METRICS_USER), 40),
        ("RDS instance", names.aws("postgres"), 63),
        ("EKS cluster", names.cluster, 100),
        ("Kubernetes label", f"{names.prefix}-{max(Stack, key=len)}", 63),
        *(("Secrets Manager", names.secret(secret), 512) for secret in Secret),
    )
    for kind, name, limit in longest:
        if len(name) > limit:
            yield (
                f"name: makes the {kind} name {name!r} {len(name)} characters long, {limit} are "
                f"allowed; shorten the environment's name by {len(name) - limit}"
            )
