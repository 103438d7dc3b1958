"""How a pod reaches PostgreSQL, Redis and ClickHouse: a folder of files for each, never a variable.

A variable keeps the password that a pod was started with; a file follows its Secret within a minute
or two. The contract with the programs: read the connection URL from the file whenever a connection
is opened, so that a new password needs no restart.
"""

from environments.names import REDIS_QUEUE_KEY, URL_KEY, Bucket, Names, Secret
from k8s.parts.pods import Mount

FOLDER = "/etc/eval-platform"
CA_CERTIFICATE = "ca.crt"
# Amazon's own authorities sign RDS's certificate and no operating system knows them: our images
# bring https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem under this name.
RDS_CA_FILE = "/etc/ssl/certs/rds-global-bundle.pem"


def mount(secret: Secret) -> Mount:
    """The Kubernetes Secret of an entry, as a folder named after it."""
    return Mount(name=secret, secret=secret, path=f"{FOLDER}/{secret}")


MOUNTS = (mount(Secret.POSTGRES), mount(Secret.REDIS), mount(Secret.CLICKHOUSE))


def settings(names: Names) -> dict[str, str]:
    """Where to find things; every program of the platform reads these variables."""
    return {
        "AWS_REGION": names.env.account.region,
        "AWS_EC2_METADATA_DISABLED": "true",  # out of reach; do not wait for it to time out
        "ENVIRONMENT": names.env.name,
        "DATASETS_BUCKET": names.bucket(Bucket.DATASETS),
        "REPORTS_BUCKET": names.bucket(Bucket.REPORTS),
        "POSTGRES_URL_FILE": f"{FOLDER}/{Secret.POSTGRES}/{URL_KEY}",
        "REDIS_URL_FILE": f"{FOLDER}/{Secret.REDIS}/{URL_KEY}",
        "REDIS_QUEUE_KEY": REDIS_QUEUE_KEY,
        "CLICKHOUSE_URL_FILE": f"{FOLDER}/{Secret.CLICKHOUSE}/{URL_KEY}",
        "CLICKHOUSE_CA_FILE": f"{FOLDER}/{Secret.CLICKHOUSE}/{CA_CERTIFICATE}",
    }
