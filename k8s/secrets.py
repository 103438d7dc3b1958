"""Secrets Manager entries as Kubernetes Secrets, made by the External Secrets Operator (B5).

The manifests hold no secret, only the names of entries and fields. The SecretStore has no `auth`: the
operator reads with its own AWS role (EKS Pod Identity), which may read this platform's entries only.

A new value arrives in two steps: the operator reads the entry every five minutes, and the kubelet then
updates the mounted files. The stores' and the API's token need no restart (see `stores.py`); the
workers' LLM keys do (see `worker.py`).
"""

import constructs

from bindings.external_secrets import Field, fields_of
from environments.names import API_TOKEN_KEY, URL_KEY, App, Secret
from environments.spec import Environment
from k8s import clickhouse_schema, database_users
from k8s.parts.base import AppChart
from k8s.parts.external_secrets import ExternalSecret, SecretStore
from k8s.parts.stores import CA_CERTIFICATE, RDS_CA_FILE, REDIS_URL


class SecretsChart(AppChart):
    """The store, and one ExternalSecret for each Kubernetes Secret that pods use."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.SECRETS, env=env)
        SecretStore(self, "store", region=env.account.region)
        self._llm_keys()
        self._api_token()
        self._postgres()
        self._postgres_admin()
        self._redis()
        self._clickhouse()
        self._clickhouse_schema()

    def _llm_keys(self) -> None:
        """The keys of all providers in the entry: one that is missing does not affect the others."""
        ExternalSecret(self, Secret.LLM_KEYS, all_fields_of=self.names.secret(Secret.LLM_KEYS))

    def _api_token(self) -> None:
        entry = self.names.secret(Secret.API_TOKEN)
        ExternalSecret(
            self,
            Secret.API_TOKEN,
            fields=fields_of(entry, API_TOKEN_KEY),
            template={API_TOKEN_KEY: f"{{{{ .{API_TOKEN_KEY} }}}}"},
        )

    def _postgres(self) -> None:
        ExternalSecret(
            self,
            Secret.POSTGRES,
            fields=fields_of(
                self.names.secret(Secret.POSTGRES),
                "host",
                "port",
                "database",
                "username",
                "password",
            ),
            template={
                URL_KEY: (
                    "postgresql://{{ .username | urlquery }}:{{ .password | urlquery }}"
                    "@{{ .host }}:{{ .port }}/{{ .database }}"
                    f"?sslmode=verify-full&sslrootcert={RDS_CA_FILE}"
                )
            },
        )

    def _postgres_admin(self) -> None:
        """For the job that makes the application's role, in the files that psql reads."""
        application = self.names.secret(Secret.POSTGRES)
        ExternalSecret(
            self,
            Secret.POSTGRES_ADMIN,
            fields=(
                *fields_of(application, "host", "port", "database"),
                Field(key="app_password", secret=application, field="password"),
                *fields_of(self.names.secret(Secret.POSTGRES_ADMIN), "username", "password"),
            ),
            template=database_users.CREDENTIAL_FILES,
        )

    def _redis(self) -> None:
        ExternalSecret(
            self,
            Secret.REDIS,
            fields=(
                *fields_of(self.names.secret(Secret.REDIS), "host", "port"),
                *fields_of(self.names.secret(Secret.REDIS_USER), "username", "password"),
            ),
            template={URL_KEY: f"{REDIS_URL}/0"},
        )

    def _clickhouse(self) -> None:
        ExternalSecret(
            self,
            Secret.CLICKHOUSE,
            fields=(
                *fields_of(
                    self.names.secret(Secret.CLICKHOUSE),
                    "host",
                    "https_port",
                    "database",
                    "username",
                    "password",
                ),
                Field(key="ca", secret=self.names.secret(Secret.CLICKHOUSE_CA), field=None),
            ),
            template={
                URL_KEY: (
                    "https://{{ .username | urlquery }}:{{ .password | urlquery }}"
                    "@{{ .host }}:{{ .https_port }}/{{ .database }}"
                ),
                CA_CERTIFICATE: "{{ .ca }}",
            },
        )

    def _clickhouse_schema(self) -> None:
        """For the job that makes tables, in the files that clickhouse-client reads."""
        ExternalSecret(
            self,
            Secret.CLICKHOUSE_SCHEMA,
            fields=(
                *fields_of(self.names.secret(Secret.CLICKHOUSE_SCHEMA), "username", "password"),
                Field(key="ca", secret=self.names.secret(Secret.CLICKHOUSE_CA), field=None),
            ),
            template=clickhouse_schema.credential_files(self.names),
        )
