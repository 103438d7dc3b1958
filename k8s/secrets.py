"""Secrets Manager entries as Kubernetes Secrets, by the External Secrets Operator (B5).

Nothing here is a secret: the manifests name entries and fields. The SecretStore has no `auth`,
because the operator reads with its own AWS role (EKS Pod Identity), which reaches this platform's
entries only.

How a new value arrives: the operator looks every five minutes, and the kubelet then updates the
mounted files. PostgreSQL's, Redis's and ClickHouse's need no restart (see `stores.py`); the
workers' LLM keys do (see `worker.py`).
"""

import constructs

from bindings.external_secrets import Field
from environments.names import URL_KEY, App, Secret
from environments.spec import Environment
from k8s import clickhouse_schema, database_users
from k8s.parts.base import AppChart
from k8s.parts.custom_resources import ExternalSecret, SecretStore
from k8s.parts.stores import CA_CERTIFICATE, RDS_CA_FILE

_POSTGRES_FIELDS = ("host", "port", "database", "username", "password")


class SecretsChart(AppChart):
    """The store, and one ExternalSecret for each Kubernetes Secret that pods use."""

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, App.SECRETS, env=env)
        SecretStore(self, "store", region=env.account.region)
        self._llm_keys()
        self._postgres()
        self._postgres_admin()
        self._redis()
        self._clickhouse()
        self._clickhouse_schema()

    def _llm_keys(self) -> None:
        # Whatever providers the entry has keys for: one that is missing stops no other.
        self._external(Secret.LLM_KEYS, all_fields_of=self.names.secret(Secret.LLM_KEYS))

    def _postgres(self) -> None:
        self._external(
            Secret.POSTGRES,
            fields=self._fields(Secret.POSTGRES, _POSTGRES_FIELDS),
            template={
                URL_KEY: (
                    "postgresql://{{ .username | urlquery }}:{{ .password | urlquery }}"
                    "@{{ .host }}:{{ .port }}/{{ .database }}"
                    f"?sslmode=verify-full&sslrootcert={RDS_CA_FILE}"
                )
            },
        )

    def _postgres_admin(self) -> None:
        """What the job that makes the application's role needs, in the files that psql reads."""
        application = Secret.POSTGRES
        self._external(
            Secret.POSTGRES_ADMIN,
            fields=(
                *self._fields(application, ("host", "port", "database")),
                Field(
                    key="app_password",
                    secret=self.names.secret(application),
                    field="password",
                ),
                *self._fields(Secret.POSTGRES_ADMIN, ("username", "password")),
            ),
            template=database_users.CREDENTIAL_FILES,
        )

    def _redis(self) -> None:
        self._external(
            Secret.REDIS,
            fields=(
                *self._fields(Secret.REDIS, ("host", "port")),
                *self._fields(Secret.REDIS_USER, ("username", "password")),
            ),
            # ElastiCache's certificate is from a public authority, so the client needs no other.
            template={
                URL_KEY: (
                    "rediss://{{ .username | urlquery }}:{{ .password | urlquery }}"
                    "@{{ .host }}:{{ .port }}/0"
                )
            },
        )

    def _clickhouse(self) -> None:
        self._external(
            Secret.CLICKHOUSE,
            fields=(
                *self._fields(
                    Secret.CLICKHOUSE, ("host", "https_port", "database", "username", "password")
                ),
                Field(
                    key="ca",
                    secret=self.names.secret(Secret.CLICKHOUSE_CA),
                    field=None,
                ),
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
        """What the job that makes tables needs, in the files that clickhouse-client reads."""
        self._external(
            Secret.CLICKHOUSE_SCHEMA,
            fields=(
                *self._fields(Secret.CLICKHOUSE_SCHEMA, ("username", "password")),
                Field(key="ca", secret=self.names.secret(Secret.CLICKHOUSE_CA), field=None),
            ),
            template=clickhouse_schema.credential_files(self.names),
        )

    def _fields(self, secret: Secret, fields: tuple[str, ...]) -> tuple[Field, ...]:
        return tuple(
            Field(key=field, secret=self.names.secret(secret), field=field) for field in fields
        )

    def _external(
        self,
        secret: Secret,
        *,
        fields: tuple[Field, ...] = (),
        all_fields_of: str | None = None,
        template: dict[str, str] | None = None,
    ) -> None:
        ExternalSecret(
            self,
            secret,
            name=secret,
            labels=self.names.labels(App.SECRETS),
            fields=fields,
            all_fields_of=all_fields_of,
            template=template,
        )
