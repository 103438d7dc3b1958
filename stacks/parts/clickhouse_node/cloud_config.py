"""The cloud-config document of a node: files to write, and one unit to start.

It holds no secret: a node reads its secrets with its own role.
"""

import hashlib
import shlex
from pathlib import Path

from bindings.yaml_text import to_yaml
from environments.names import (
    CLICKHOUSE_BACKUPS_METRIC,
    CLICKHOUSE_CLUSTER,
    CLICKHOUSE_DATABASE,
    CLICKHOUSE_NATIVE_TLS_PORT,
    CLOUDWATCH_NAMESPACE,
    LAST_RESTORE_METRIC,
    POSTGRES_DATABASE,
    RESTORE_DRILL,
    RESTORE_DRILL_CLASS,
    Bucket,
    Names,
    Secret,
)
from stacks.parts.clickhouse_node import settings, system_logs
from stacks.parts.clickhouse_node.server_config import server_config
from stacks.parts.clickhouse_node.settings import Node
from telemetry.contract import TABLES

_HERE = Path(__file__).parent
_SYSTEMD = "/etc/systemd/system"
_FIRST_RESTART_HOUR = 18  # UTC, long after the day's backup


def cloud_config(node: Node, *, data_device: str) -> str:
    """The document. `data_device` is the path of the node's data volume, known only after an apply."""
    return _document(node, data_device, configuration_digest(node.names))


def configuration_digest(names: Names) -> str:
    """A digest of the node's configuration; a node has the one it was built from as a macro."""
    document = _document(Node(names=names, index=1), "", "")
    return hashlib.sha256(document.encode()).hexdigest()[:12]


def _document(node: Node, data_device: str, digest: str) -> str:
    files = [
        _file(settings.ENVIRONMENT_FILE, _environment(node, data_device)),
        _file("/etc/yum.repos.d/clickhouse.repo", _repository()),
        *(_file(path, text) for path, text in server_config(node, digest=digest).items()),
        *(
            _file(f"{settings.SCRIPT_FOLDER}/{script.name}", script.read_text(), mode="0755")
            for script in sorted((_HERE / "scripts").glob("*.sh"))
        ),
        *(_file(f"{_SYSTEMD}/{unit.name}", unit.read_text()) for unit in _units()),
        _file(
            f"{_SYSTEMD}/clickhouse-server.service.d/mounted.conf",
            f"[Unit]\nRequiresMountsFor={settings.DATA_FOLDER}\n",
        ),
        # Each node restarts in another hour, so that no two restart together.
        _file(
            f"{_SYSTEMD}/clickhouse-restart.timer.d/hour.conf",
            f"[Timer]\nOnCalendar=*-*-* {_FIRST_RESTART_HOUR + node.index - 1:02}:10:00 UTC\n",
        ),
    ]
    body: dict[str, object] = {
        "fqdn": node.host,
        "prefer_fqdn_over_hostname": True,
        "write_files": files,
        "runcmd": [
            ["systemctl", "daemon-reload"],
            # The service retries, so cloud-init need not wait for the other nodes.
            ["systemctl", "enable", "--now", "--no-block", "clickhouse-node.service"],
        ],
    }
    return "#cloud-config\n" + to_yaml(body)


def _file(path: str, content: str, *, mode: str = "0644") -> dict[str, str]:
    return {"path": path, "permissions": mode, "content": content}


def _units() -> list[Path]:
    folder = _HERE / "units"
    return sorted([*folder.glob("*.service"), *folder.glob("*.timer")])


def _repository() -> str:
    # Disabled, so that an update of the system never updates ClickHouse.
    return (
        "[clickhouse]\n"
        "name=ClickHouse LTS\n"
        f"baseurl={settings.REPOSITORY}/\n"
        "enabled=0\n"
        "gpgcheck=0\n"
        "repo_gpgcheck=1\n"
        f"gpgkey=file://{settings.REPOSITORY_KEY_FILE}\n"
    )


def _environment(node: Node, data_device: str) -> str:
    names, env = node.names, node.names.env
    values = {
        "AWS_DEFAULT_REGION": env.account.region,
        "NODE_INDEX": str(node.index),
        "NODES": str(env.clickhouse.nodes),
        "HOST": node.host,
        "COMMON_HOST": names.clickhouse_host,
        "CLUSTER": CLICKHOUSE_CLUSTER,
        "DATABASE": CLICKHOUSE_DATABASE,
        "NATIVE_PORT": str(CLICKHOUSE_NATIVE_TLS_PORT),
        # Users that sign in with the password in a secret: USER=SECRET.
        "ACCOUNTS": " ".join(f"{user}={names.secret(key)}" for user, key in settings.ACCOUNTS),
        "ADMIN_SECRET": names.secret(Secret.CLICKHOUSE_ADMIN),
        "INTERSERVER_SECRET": names.secret(Secret.CLICKHOUSE_INTERSERVER),
        "CA_SECRET": names.secret(Secret.CLICKHOUSE_CA),
        "CA_KEY_SECRET": names.secret(Secret.CLICKHOUSE_CA_KEY),
        "BACKUP_BUCKET": names.bucket(Bucket.BACKUPS),
        "BACKUP_PREFIX": settings.BACKUP_PREFIX,
        "CLAIM_SECONDS": str(6 * 3600),
        "SYSTEM_LOGS": " ".join(system_logs.KEPT_DAYS),
        "METRICS_NAMESPACE": CLOUDWATCH_NAMESPACE,
        "BACKUPS_METRIC": CLICKHOUSE_BACKUPS_METRIC,
        "LAST_RESTORE_METRIC": LAST_RESTORE_METRIC,
        "DRILL_ROLE": names.role_arn(names.aws(RESTORE_DRILL)),
        "CREDENTIAL_SOURCE": "Ec2InstanceMetadata",
        "DRILL_INSTANCE": names.aws(RESTORE_DRILL),
        "DRILL_CLASS": RESTORE_DRILL_CLASS,
        "DRILL_SECONDS": str(settings.DRILL_SECONDS),
        "DRILL_POLL_SECONDS": "30",
        "DRILL_BACKUP_HOURS": str(settings.DRILL_BACKUP_HOURS),
        "DRILL_ROW_DAYS": str(settings.DRILL_ROW_DAYS),
        "POSTGRES_INSTANCE": names.aws("postgres"),
        "POSTGRES_PARAMETERS": names.aws(f"postgres{env.database.engine_version}"),
        "POSTGRES_DATABASE": POSTGRES_DATABASE,
        "POSTGRES_ROWS": " ".join(settings.POSTGRES_ROWS),
        "CLICKHOUSE_ROWS": " ".join(f"{table.name}:{table.time_column}" for table in TABLES),
        "RDS_AUTHORITIES": settings.RDS_AUTHORITIES,
        "PSQL_PACKAGE": settings.PSQL_PACKAGE,
        "CLICKHOUSE_VERSION": env.clickhouse.version,
        "CLICKHOUSE_UID": "710",
        "REPOSITORY": settings.REPOSITORY,
        "REPOSITORY_KEY": settings.REPOSITORY_KEY,
        "REPOSITORY_KEY_FILE": settings.REPOSITORY_KEY_FILE,
        "CERTIFICATE_DAYS": "397",
        "RENEW_DAYS": "30",
        "PUBLIC_AUTHORITIES": "/etc/pki/tls/certs/ca-bundle.crt",
        "PATIENCE_SECONDS": "128",
        "ATTACH_POLL_SECONDS": "5",
        "DATA_FOLDER": settings.DATA_FOLDER,
        "SERVER_FOLDER": settings.SERVER_FOLDER,
        "TLS_FOLDER": settings.TLS_FOLDER,
        "CLIENT_CONFIG": "/etc/clickhouse-client/node.xml",
        "RUN_FOLDER": "/run",
        "FSTAB": "/etc/fstab",
    }
    lines = [f"{key}={shlex.quote(value)}" for key, value in values.items()]
    # Not quoted: Terraform fills in the reference, and the path has no character special to a shell.
    return "\n".join([*lines, f"DATA_DEVICE={data_device}"]) + "\n"
