"""The job that sets the application's role in PostgreSQL to the password in Secrets Manager.

It is an Argo CD hook and runs in every sync of its app. To rotate the application's password, raise
the rotation in the database stack and apply, wait for the operator's refresh, then `argocd app sync`
this app. Open connections stay open; new ones fail in between.

psql reads its credentials from files: a service file for the administrator, and a file that sets the
variable `app_password`. No argument, environment variable or log line contains a secret.
"""

from pathlib import Path

import constructs
from cdk8s_plus_28 import k8s

from environments.images import Image
from environments.names import (
    POSTGRES_APP_USER,
    POSTGRES_DATABASE,
    POSTGRES_PREVIEW_SCHEMA,
    App,
    Secret,
)
from environments.spec import Compute, Environment
from k8s.parts.base import AppChart, Config
from k8s.parts.pods import Mount, container
from k8s.parts.stores import FOLDER, RDS_CA_FILE, mount
from k8s.parts.sync_job import sync_job

COMPUTE = Compute.of(cpu="50m", cpu_limit="200m", memory="64Mi", memory_limit="64Mi")
DEADLINE_SECONDS = 600

_SERVICE_FILE = "pg_service.conf"
_PASSWORD_FILE = "app-password.psql"
_SQL_FILE = "users.sql"
_SQL_FOLDER = f"{FOLDER}/sql"

# Templates over the fields that `secrets.py` provides. In psql's string a quote ends the string and a
# backslash starts an escape, so both are doubled.
CREDENTIAL_FILES = {
    _SERVICE_FILE: "\n".join(
        (
            "[admin]",
            "host={{ .host }}",
            "port={{ .port }}",
            "dbname={{ .database }}",
            "user={{ .username }}",
            "password={{ .password }}",
            "sslmode=verify-full",
            f"sslrootcert={RDS_CA_FILE}",
            "",
        )
    ),
    _PASSWORD_FILE: (
        r"\set app_password "
        r"""'{{ .app_password | replace "\\" "\\\\" | replace "'" "''" }}'"""
        "\n"
    ),
}


class DatabaseUsersChart(AppChart):
    """The SQL, and the job that runs it."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.DATABASE_USERS, env=env)
        sql = self._sql()
        self._job(service_account=self.service_account(App.DATABASE_USERS), sql=sql)

    def _sql(self) -> Config:
        text = Path(__file__).with_suffix(".sql").read_text()
        return self.config_map(App.DATABASE_USERS, {_SQL_FILE: text})

    def _job(self, *, service_account: str, sql: Config) -> None:
        credentials = mount(Secret.POSTGRES_ADMIN)
        mounts = (credentials, Mount(name="sql", config_map=sql.name, path=_SQL_FOLDER))
        # The previews' schema: they have the application's credentials and cannot make it.
        preview_schema = (
            [] if self.env.previews is None else [f"--set=preview_schema={POSTGRES_PREVIEW_SCHEMA}"]
        )
        psql = container(
            "psql",
            image=self.names.image(Image.POSTGRES_CLIENT),
            compute=COMPUTE,
            command=["psql"],
            args=[
                "--no-psqlrc",
                "--no-password",  # never prompt
                "--quiet",
                "--single-transaction",
                "--set=ON_ERROR_STOP=1",
                f"--set=app_user={POSTGRES_APP_USER}",
                f"--set=app_schema={POSTGRES_DATABASE}",
                f"--set=database={POSTGRES_DATABASE}",
                *preview_schema,
                f"--file={credentials.path}/{_PASSWORD_FILE}",
                f"--file={_SQL_FOLDER}/{_SQL_FILE}",
                "service=admin",
            ],
            env=[
                k8s.EnvVar(name="PGSERVICEFILE", value=f"{credentials.path}/{_SERVICE_FILE}"),
                k8s.EnvVar(name="PGCONNECT_TIMEOUT", value="10"),
            ],
            mounts=mounts,
        )
        sync_job(
            self,
            psql,
            service_account=service_account,
            config=sql,
            mounts=mounts,
            deadline_seconds=DEADLINE_SECONDS,
        )
