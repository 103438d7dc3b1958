"""What the servers and clients of a rehearsed cluster identify themselves with; it ends with the rehearsal."""

from pathlib import Path

import yaml
from cryptography.hazmat.primitives.asymmetric import rsa

from evalctl.local_servers.certificates import Authority, KeyPair, write_key


def service_account_key(folder: Path) -> Path:
    """A new key that signs the tokens of service accounts."""
    path = folder / "service-accounts.key"
    write_key(path, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    return path


def kubeconfig(
    path: Path,
    *,
    server: str,
    authority: Authority,
    client: KeyPair,
    context: str,
    namespace: str = "default",
    service_account: str | None = None,
) -> Path:
    """Write a kubeconfig; with a service account (`namespace:name`), its permissions and no others hold."""
    user: dict[str, object] = {
        "client-certificate": str(client.certificate),
        "client-key": str(client.key),
    }
    if service_account is not None:
        user["as"] = f"system:serviceaccount:{service_account}"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "clusters": [
            {
                "name": context,
                "cluster": {
                    "server": server,
                    "certificate-authority-data": authority.certificate_data,
                },
            }
        ],
        "users": [{"name": context, "user": user}],
        "contexts": [
            {
                "name": context,
                "context": {"cluster": context, "user": context, "namespace": namespace},
            }
        ],
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config))
    return path
