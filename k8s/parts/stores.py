"""How a pod reaches PostgreSQL, Redis and ClickHouse: a folder of files for each.

A variable keeps the password that the pod started with; a file follows its Secret within two minutes.
The contract with the programs: they read the connection URL from the file each time they open a
connection, so that a new password needs no restart.
"""

from environments.names import REDIS_QUEUE_KEY, URL_KEY, Bucket, Names, Secret
from k8s.parts.pods import Mount

FOLDER = "/etc/eval-platform"
CA_CERTIFICATE = "ca.crt"
# Amazon's own authorities sign RDS's certificate, and no operating system trusts them: our images
# contain https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem under this name.
RDS_CA_FILE = "/etc/ssl/certs/rds-global-bundle.pem"

# A template over the fields of two entries. ElastiCache's certificate is from a public authority, so the
# client needs no other.
REDIS_URL = "rediss://{{ .username | urlquery }}:{{ .password | urlquery }}@{{ .host }}:{{ .port }}"


def mount(secret: Secret) -> Mount:
    """The Kubernetes Secret of an entry, as a folder of the same name."""
    return Mount(name=secret, secret=secret, path=f"{FOLDER}/{secret}")


MOUNTS = (mount(Secret.POSTGRES), mount(Secret.REDIS), mount(Secret.CLICKHOUSE))


def settings(names: Names) -> dict[str, str]:
    """The variables that every program of the platform reads."""
    return {
        "AWS_REGION": names.env.account.region,
        "AWS_EC2_METADATA_DISABLED": "true",  # unreachable: do not wait for the timeout
        "ENVIRONMENT": names.env.name,
        "LISTEN_ADDRESS": "0.0.0.0",  # every address of the pod
        "REPORTS_BUCKET": names.bucket(Bucket.REPORTS),
        "POSTGRES_URL_FILE": f"{FOLDER}/{Secret.POSTGRES}/{URL_KEY}",
        "REDIS_URL_FILE": f"{FOLDER}/{Secret.REDIS}/{URL_KEY}",
        "REDIS_QUEUE_KEY": REDIS_QUEUE_KEY,
        "CLICKHOUSE_URL_FILE": f"{FOLDER}/{Secret.CLICKHOUSE}/{URL_KEY}",
        "CLICKHOUSE_CA_FILE": f"{FOLDER}/{Secret.CLICKHOUSE}/{CA_CERTIFICATE}",
    }
