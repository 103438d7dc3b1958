"""The Kubernetes API as far as a bootstrap and a teardown need it, over TLS, behind a proxy on loopback.

No kube-apiserver can be had where the tests run. This one answers the real kubectl: discovery, access
reviews, reads, server-side apply, merge patches, deletion; it records what changes. It plays its
controllers too: what is applied is established or runs at once, and a deleted Application takes along
what it made, if it was approved. The proxy lets kubectl call it by the address that EKS gave the cluster.
"""

import base64
import datetime
import json
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from evalctl.servers import http_server
from tests.support.manifests import Manifest

# Plural → kind, of each group version; those in the second line of a group are cluster-scoped.
_KINDS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "v1": (
        {
            "configmaps": "ConfigMap",
            "limitranges": "LimitRange",
            "persistentvolumeclaims": "PersistentVolumeClaim",
            "secrets": "Secret",
            "serviceaccounts": "ServiceAccount",
            "services": "Service",
        },
        {"namespaces": "Namespace", "nodes": "Node", "persistentvolumes": "PersistentVolume"},
    ),
    "apps/v1": (
        {"daemonsets": "DaemonSet", "deployments": "Deployment", "statefulsets": "StatefulSet"},
        {},
    ),
    "apiextensions.k8s.io/v1": ({}, {"customresourcedefinitions": "CustomResourceDefinition"}),
    "argoproj.io/v1alpha1": ({"applications": "Application", "appprojects": "AppProject"}, {}),
    "batch/v1": ({"jobs": "Job"}, {}),
    "authorization.k8s.io/v1": ({}, {"selfsubjectaccessreviews": "SelfSubjectAccessReview"}),
    "networking.k8s.io/v1": (
        {"ingresses": "Ingress", "networkpolicies": "NetworkPolicy"},
        {},
    ),
    "policy/v1": ({"poddisruptionbudgets": "PodDisruptionBudget"}, {}),
    "rbac.authorization.k8s.io/v1": (
        {"rolebindings": "RoleBinding", "roles": "Role"},
        {"clusterrolebindings": "ClusterRoleBinding", "clusterroles": "ClusterRole"},
    ),
}
_CUSTOM = "argoproj.io/v1alpha1"
_DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.argoproj.io"


@dataclass
class Cluster:
    """The objects in the cluster, and the changes to them."""

    minor: int
    allowed: bool = True  # whether the user is its administrator
    refused: str | None = None  # part of a path whose changes it refuses
    refuses_deletion: str | None = None  # a path that it does not delete
    objects: dict[str, Manifest] = field(default_factory=dict)  # by path
    changes: list[str] = field(
        default_factory=list
    )  # each "<manager> <path>" that changed something, and "delete <path>"
    made_by: dict[str, list[str]] = field(
        default_factory=dict
    )  # what is deleted with an Application or a claim
    # Applications whose sync does not come through, with Argo CD's message; and what the sync of one makes.
    fails: dict[str, str] = field(default_factory=dict)
    makes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    goes: tuple[str, ...] = ()  # those that somebody deletes after their sync
    synced: list[tuple[str, Manifest]] = field(default_factory=list)  # with the operation

    def add_application(self, name: str, *, sync: str = "OutOfSync", **operation: object) -> str:
        """An Application as Argo CD has compared it, with its last operation."""
        return self.add(
            _CUSTOM,
            "Application",
            name,
            namespace="argocd",
            spec={
                "syncPolicy": {
                    "automated": {"prune": True},
                    "syncOptions": [f"Of={name}"],
                    "retry": {"limit": 5},
                }
            },
            status={
                "sync": {"status": sync},
                "health": {"status": "Healthy" if sync == "Synced" else "Missing"},
                "operationState": operation,
            },
        )

    def add(self, api_version: str, kind: str, name: str, **parts: object) -> str:
        """Add an object, as another program than bootstrap would."""
        plural = next(
            plural
            for kinds in _KINDS[api_version]
            for plural, known in kinds.items()
            if known == kind
        )
        namespace = parts.pop("namespace", None)
        where = f"namespaces/{namespace}/" if namespace else ""
        path = f"{_root(api_version)}/{where}{plural}/{name}"
        metadata = {"name": name, "labels": parts.pop("labels", {})}
        self.objects[path] = {
            "apiVersion": api_version,
            "kind": kind,
            "metadata": metadata | ({"namespace": namespace} if namespace else {}),
            **parts,
        }
        return path


def kubectl_minor(kubectl: str) -> int:
    """The minor of this machine's kubectl."""
    result = subprocess.run(
        [kubectl, "version", "--client", "--output=json"], capture_output=True, check=True
    )
    return int(json.loads(result.stdout)["clientVersion"]["minor"].rstrip("+"))


def new_cluster(minor: int) -> Cluster:
    """A cluster as the stacks create it: a node, the add-ons, and no Argo CD."""
    new = Cluster(minor=minor)
    pool = {"eval-platform.io/pool": "general"}
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    new.add("v1", "Node", "node-1", labels=pool, status=ready)
    for name in ("aws-node", "eks-pod-identity-agent"):
        new.add("apps/v1", "DaemonSet", name, namespace="kube-system")
    return new


class _Api(BaseHTTPRequestHandler):
    """One connection from kubectl."""

    protocol_version = "HTTP/1.1"
    cluster: ClassVar[Cluster]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        if "sendInitialEvents" in query:
            self._refuse(422, "Invalid", "this API's watches begin without a list")
            return
        if "watch" in query:
            self._nothing_happens()
            return
        found = self._described(url.path)
        if found is None:
            found = self.cluster.objects.get(url.path)
        if found is None and (kind := _kind_of_list(url.path)):
            self._answer(200, _listed(self.cluster, url.path, kind, query))
        elif found is None:
            self._refuse(404, "NotFound", f"{url.path} not found")
        else:
            self._answer(200, found)

    def do_POST(self) -> None:
        self._body()  # in Kubernetes' binary form; only access reviews are posted
        self._answer(
            201,
            {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview",
                "status": {"allowed": self.cluster.allowed},
            },
        )

    def do_DELETE(self) -> None:
        path = urlsplit(self.path).path
        self._body()
        found = self.cluster.objects.get(path)
        if found is None:
            self._refuse(404, "NotFound", f"{path} not found")
        elif path == self.cluster.refuses_deletion:
            self._refuse(403, "Forbidden", f"planted: {path} may not be deleted")
        else:
            metadata = found["metadata"]
            if metadata.get("finalizers") and "operation" in found:
                self._refuse(409, "Conflict", f"{path} would wait until its sync ends")
                return
            if metadata.get("finalizers") and not _approved(metadata):
                self._refuse(409, "Conflict", f"{path} would wait for an approval for ever")
                return
            for gone in (path, *self.cluster.made_by.get(path, ())):
                self.cluster.objects.pop(gone)
                self.cluster.changes.append(f"delete {gone}")
            self._answer(200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def do_PATCH(self) -> None:
        path, manager = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        applied: Manifest = yaml.safe_load(self._body())
        if self.headers["Content-Type"] == "application/merge-patch+json":
            merged = self.cluster.objects[path] = _merged(self.cluster.objects[path], applied)
            if merged["kind"] == "Application":
                self._argocd(merged)
            self.cluster.changes.append(f"{manager['fieldManager'][0]} {path}")
            self._answer(200, merged)
        elif self.headers["Content-Type"] != "application/apply-patch+yaml":
            self._refuse(415, "UnsupportedMediaType", "this API has no such patch")
        elif self.cluster.refused is not None and self.cluster.refused in path:
            self._refuse(403, "Forbidden", f"planted: {path} may not be changed")
        else:
            before = self.cluster.objects.get(path)
            if applied["kind"] == "StatefulSet":
                applied["spec"].setdefault("updateStrategy", {"type": "RollingUpdate"})
            applied.setdefault("status", {}).update(_status(applied))
            applied["metadata"] |= {"uid": path, "resourceVersion": "1", "generation": 1}
            if applied != before:
                self.cluster.changes.append(f"{manager['fieldManager'][0]} {path}")
            self.cluster.objects[path] = applied
            self._answer(200 if before else 201, applied)

    def _argocd(self, application: Manifest) -> None:
        """Compare it at once when it is to be refreshed, and sync it at once."""
        metadata = application["metadata"]
        metadata.get("annotations", {}).pop("argocd.argoproj.io/refresh", None)
        if application.get("operation") is None:
            return
        self.cluster.synced.append((metadata["name"], application.pop("operation")))
        message = self.cluster.fails.get(metadata["name"])
        phase = "Succeeded" if message is None else "Failed"
        application["status"] = {
            "sync": {"status": "Synced" if message is None else "OutOfSync"},
            "health": {"status": "Healthy"},
            "operationState": {"phase": phase, "message": message or "successfully synced"},
        }
        for name in self.cluster.makes.get(metadata["name"], ()):
            self.cluster.add_application(name)
        if metadata["name"] in self.cluster.goes:
            self.cluster.objects.pop(urlsplit(self.path).path)

    def _nothing_happens(self) -> None:
        """A watch, for as long as kubectl listens."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        while self.rfile.read(1):
            pass

    def _described(self, path: str) -> Manifest | None:
        """The discovery documents."""
        known = [
            version
            for version in _KINDS
            if version != _CUSTOM or _DEFINITION in self.cluster.objects
        ]
        if path == "/version":
            minor = self.cluster.minor
            return {"major": "1", "minor": f"{minor}+", "gitVersion": f"v1.{minor}.3-eks-1"}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            return {
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": [_group(version) for version in known if "/" in version],
            }
        if path == "/openapi/v3":
            return {
                "paths": {
                    _root(v)[1:]: {"serverRelativeURL": f"/openapi/v3{_root(v)}"} for v in known
                }
            }
        for version in known:
            if path == _root(version):
                return _resources(version)
            if path == f"/openapi/v3{_root(version)}":
                return _openapi(version)
        return None

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _refuse(self, code: int, reason: str, message: str) -> None:
        self._answer(
            code,
            {
                "kind": "Status",
                "apiVersion": "v1",
                "status": "Failure",
                "reason": reason,
                "message": message,
                "code": code,
            },
        )

    def _answer(self, code: int, document: Manifest) -> None:
        body = json.dumps(document).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Proxy(BaseHTTPRequestHandler):
    """A proxy that forwards connections for the cluster's address to the API."""

    tls: ClassVar[ssl.SSLContext]
    api: ClassVar[type[_Api]]

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            with self.tls.wrap_socket(self.connection, server_side=True) as connection:
                self.api(connection, self.client_address, self.server)
        except OSError:
            pass  # kubectl closed the connection


@contextmanager
def serving(cluster: Cluster, *, host: str, folder: Path) -> Iterator[dict[str, Any]]:
    """The cluster at `https://<host>`, as the `cluster` of a kubeconfig that reaches it."""
    certificate, key = _certificate(host, folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    api = type("Api", (_Api,), {"cluster": cluster})
    proxy = type("Proxy", (_Proxy,), {"tls": tls, "api": api})
    with http_server(proxy) as address:
        yield {
            "server": f"https://{host}",
            "proxy-url": f"http://{address}",
            "certificate-authority-data": base64.b64encode(certificate.read_bytes()).decode(),
        }


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"


def _group(api_version: str) -> Manifest:
    version = {"groupVersion": api_version, "version": api_version.partition("/")[2]}
    return {
        "name": api_version.partition("/")[0],
        "versions": [version],
        "preferredVersion": version,
    }


def _resources(api_version: str) -> Manifest:
    namespaced, cluster_wide = _KINDS[api_version]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version,
        "resources": [
            {
                "name": plural,
                "singularName": kind.lower(),
                "kind": kind,
                "namespaced": plural in namespaced,
                "verbs": ["get", "list", "patch", "create", "watch", "delete"],
            }
            for plural, kind in (namespaced | cluster_wide).items()
        ],
    }


def _openapi(api_version: str) -> Manifest:
    """Schemas with server-side validation for each kind, so that kubectl does not validate itself."""
    group, _, version = api_version.rpartition("/")
    namespaced, cluster_wide = _KINDS[api_version]
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1"},
        "paths": {
            f"{_root(api_version)}/{plural}/{{name}}": {
                "patch": {
                    "parameters": [{"name": "fieldValidation", "in": "query"}],
                    "responses": {},
                    "x-kubernetes-group-version-kind": {
                        "group": group,
                        "version": version,
                        "kind": kind,
                    },
                }
            }
            for plural, kind in (namespaced | cluster_wide).items()
        },
    }


def _kind_of_list(path: str) -> str | None:
    for version, kinds in _KINDS.items():
        for plural, kind in (kinds[0] | kinds[1]).items():
            if re.fullmatch(rf"{re.escape(_root(version))}(/namespaces/[^/]+)?/{plural}", path):
                return kind
    return None


def _listed(cluster: Cluster, path: str, kind: str, query: dict[str, str]) -> Manifest:
    """The list at a path, filtered by its selectors."""
    wanted = dict(part.split("=", 1) for part in query.get("labelSelector", "").split(",") if part)
    name = query.get("fieldSelector", "").removeprefix("metadata.name=")
    items = [
        found
        for where, found in cluster.objects.items()
        if (where.rpartition("/")[0] == path or _in_any_namespace(path, where))
        and name in ("", found["metadata"]["name"])
        and wanted.items() <= found["metadata"].get("labels", {}).items()
    ]
    version = next(v for v, kinds in _KINDS.items() if kind in (kinds[0] | kinds[1]).values())
    return {
        "apiVersion": version,
        "kind": f"{kind}List",
        "metadata": {"resourceVersion": "1"},
        "items": items,
    }


def _in_any_namespace(path: str, where: str) -> bool:
    root, _, plural = path.rpartition("/")
    return re.fullmatch(rf"{re.escape(root)}/namespaces/[^/]+/{plural}/[^/]+", where) is not None


def _approved(metadata: Manifest) -> bool:
    """Argo CD: an approval must not be older than the deletion."""
    approved = metadata.get("annotations", {}).get("argocd.argoproj.io/deletion-approved")
    return approved is not None and datetime.datetime.fromisoformat(
        approved
    ) >= datetime.datetime.now(datetime.UTC)


def _merged(target: Manifest, patch: Manifest) -> Manifest:
    """A JSON merge patch (RFC 7396)."""
    merged = dict(target)
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, dict):
            merged[key] = _merged(merged.get(key, {}), value)
        else:
            merged[key] = value
    return merged


def _status(applied: Manifest) -> Manifest:
    """The status that controllers would set, set at once."""
    if applied["kind"] == "CustomResourceDefinition":
        return {"conditions": [{"type": "Established", "status": "True"}]}
    if applied["kind"] in ("Deployment", "StatefulSet"):
        replicas = applied["spec"]["replicas"]
        counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        return dict.fromkeys(counts, replicas) | {
            "observedGeneration": 1,
            "currentRevision": "1",
            "updateRevision": "1",
        }
    return {}


def _certificate(host: str, folder: Path) -> tuple[Path, Path]:
    """A certificate for the host that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "fake API")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "api.crt", folder / "api.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths
