"""The job that brings ClickHouse's tables to the newest migration: once, and not once per replica.

One pod connects to the first node; `ON CLUSTER` sends each statement to the others. The hook runs in
every sync of its app, and the journal in ClickHouse lists the migrations that are done. The job always
uses the same node, because another may lag behind the last run. A new migration needs all nodes anyway.
"""

from pathlib import Path

import constructs
from cdk8s_plus_28 import k8s

from environments.images import Image
from environments.names import (
    CLICKHOUSE_DATABASE,
    CLICKHOUSE_NATIVE_TLS_PORT,
    App,
    Names,
    Secret,
)
from environments.spec import Compute, Environment
from k8s.parts.base import AppChart, Config
from k8s.parts.pods import Mount, container
from k8s.parts.stores import CA_CERTIFICATE, FOLDER, mount
from k8s.parts.sync_job import sync_job
from telemetry.clickhouse_schema import JOURNAL_FILE, JOURNAL_TABLE, journal, migrations

# The client is the whole of ClickHouse in one program.
COMPUTE = Compute.of(cpu="50m", cpu_limit="500m", memory="256Mi", memory_limit="256Mi")
DEADLINE_SECONDS = 900

_CLIENT_CONFIG = "client.xml"
_SCRIPT = "apply.sh"
_SCHEMA_FOLDER = f"{FOLDER}/schema"


def credential_files(names: Names) -> dict[str, str]:
    """Templates over the fields that `secrets.py` provides."""
    return {
        _CLIENT_CONFIG: "\n".join(
            (
                "<config>",
                f"  <host>{names.clickhouse_hosts[0]}</host>",
                f"  <port>{CLICKHOUSE_NATIVE_TLS_PORT}</port>",
                "  <secure>1</secure>",
                "  <user>{{ .username | html }}</user>",  # `html` escapes what XML reserves
                "  <password>{{ .password | html }}</password>",
                "  <openSSL><client>",
                f"    <caConfig>{mount(Secret.CLICKHOUSE_SCHEMA).path}/{CA_CERTIFICATE}</caConfig>",
                "    <loadDefaultCAFile>false</loadDefaultCAFile>",
                "    <verificationMode>strict</verificationMode>",
                "    <extendedVerification>true</extendedVerification>",  # checks the name as well
                "    <invalidCertificateHandler><name>RejectCertificateHandler</name>"
                "</invalidCertificateHandler>",
                "  </client></openSSL>",
                "</config>",
                "",
            )
        ),
        CA_CERTIFICATE: "{{ .ca }}",
    }


class ClickHouseSchemaChart(AppChart):
    """The migrations, and the job that applies them."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.CLICKHOUSE_SCHEMA, env=env)
        schema = self._schema()
        self._job(service_account=self.service_account(App.CLICKHOUSE_SCHEMA), schema=schema)

    def _schema(self) -> Config:
        files = {migration.file_name: migration.text for migration in migrations()}
        script = Path(__file__).with_suffix(".sh").read_text()
        return self.config_map(
            App.CLICKHOUSE_SCHEMA, {_SCRIPT: script, JOURNAL_FILE: journal()} | files
        )

    def _job(self, *, service_account: str, schema: Config) -> None:
        credentials = mount(Secret.CLICKHOUSE_SCHEMA)
        mounts = (credentials, Mount(name="schema", config_map=schema.name, path=_SCHEMA_FOLDER))
        apply = container(
            "apply",
            image=self.names.image(Image.CLICKHOUSE_CLIENT),
            compute=COMPUTE,
            command=["sh", f"{_SCHEMA_FOLDER}/{_SCRIPT}"],
            env=[
                k8s.EnvVar(name="CLIENT_CONFIG", value=f"{credentials.path}/{_CLIENT_CONFIG}"),
                k8s.EnvVar(name="SCHEMA", value=_SCHEMA_FOLDER),
                k8s.EnvVar(name="JOURNAL", value=f"{CLICKHOUSE_DATABASE}.{JOURNAL_TABLE}"),
                k8s.EnvVar(name="HOME", value="/tmp"),  # the only folder it may write to
            ],
            mounts=mounts,
        )
        sync_job(
            self,
            apply,
            service_account=service_account,
            config=schema,
            mounts=mounts,
            deadline_seconds=DEADLINE_SECONDS,
        )
