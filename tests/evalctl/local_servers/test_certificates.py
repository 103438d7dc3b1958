"""The certificate authority of servers on loopback."""

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from evalctl.local_servers.certificates import Authority, KeyPair
from tests.support import tools


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def certificate(pair: KeyPair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate.read_bytes())


def verified(pair: KeyPair, authority: Authority, purpose: str) -> bool:
    """Whether OpenSSL accepts the certificate for this purpose."""
    openssl = tools.program("openssl", get_it="apt-get install openssl")
    command = (openssl, "verify", "-purpose", purpose, "-CAfile", authority.pair.certificate)
    result = subprocess.run([*command, pair.certificate], capture_output=True, check=False)
    return result.returncode == 0


def test_a_certificate_is_valid_for_its_purpose_and_no_other(authority: Authority) -> None:
    server, client = authority.server("kubelet"), authority.client("administrator")
    assert verified(server, authority, "sslserver")
    assert verified(client, authority, "sslclient")
    assert not verified(client, authority, "sslserver")
    assert not verified(server, authority, "sslclient")


def test_another_authority_signed_none_of_them(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    assert not verified(authority.server("kubelet"), other, "sslserver")
    with pytest.raises(InvalidSignature):
        certificate(authority.pair).verify_directly_issued_by(certificate(other.pair))


def test_a_servers_certificate_names_loopback_and_its_other_names(authority: Authority) -> None:
    server = certificate(authority.server("kube-apiserver", "kubernetes.default.svc", "172.20.0.1"))
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "kubernetes.default.svc"]
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    assert addresses == ["127.0.0.1", "172.20.0.1"]


def test_a_clients_certificate_holds_its_user_and_group(authority: Authority) -> None:
    subject = certificate(authority.client("system:admin", group="system:masters")).subject
    assert [each.value for each in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [
        "system:admin"
    ]
    (group,) = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert group.value == "system:masters"
