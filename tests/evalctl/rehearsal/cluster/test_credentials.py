"""What the servers and clients of a rehearsed cluster identify themselves with."""

import base64
from pathlib import Path

import pytest
import yaml

from evalctl.local_servers.certificates import Authority
from evalctl.rehearsal.cluster.credentials import kubeconfig, service_account_key


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_no_other_user_may_read_a_key(authority: Authority, tmp_path: Path) -> None:
    client = authority.client("administrator")
    configuration = kubeconfig(
        tmp_path / "kubeconfig",
        server="https://127.0.0.1:1",
        authority=authority,
        client=client,
        context="rehearsed",
    )
    for path in (authority.pair.key, client.key, service_account_key(tmp_path), configuration):
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_service_accounts_kubeconfig_gives_its_permissions_and_no_others(
    authority: Authority, tmp_path: Path
) -> None:
    written = kubeconfig(
        tmp_path / "kubeconfig",
        server="https://127.0.0.1:1",
        authority=authority,
        client=authority.client("administrator", group="system:masters"),
        context="rehearsed",
        namespace="argocd",
        service_account="argocd:argocd-repo-server",
    )
    document = yaml.safe_load(written.read_text())
    (user,) = document["users"]
    assert user["user"]["as"] == "system:serviceaccount:argocd:argocd-repo-server"
    (context,) = document["contexts"]
    assert context["context"] == {
        "cluster": "rehearsed",
        "user": "rehearsed",
        "namespace": "argocd",
    }
    (cluster,) = document["clusters"]
    data = base64.b64decode(cluster["cluster"]["certificate-authority-data"])
    assert data == authority.pair.certificate.read_bytes()


def test_an_administrators_kubeconfig_impersonates_nobody(
    authority: Authority, tmp_path: Path
) -> None:
    written = kubeconfig(
        tmp_path / "kubeconfig",
        server="https://127.0.0.1:1",
        authority=authority,
        client=authority.client("administrator"),
        context="rehearsed",
    )
    (user,) = yaml.safe_load(written.read_text())["users"]
    assert "as" not in user["user"]
