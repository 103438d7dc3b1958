"""Checks that kubectl and the AWS credentials lead to the environment's own cluster.

The names in a kubeconfig prove nothing: anybody may choose them. So the account is read with the
credentials, the cluster is described by its name, and the context must have that cluster's address.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from environments.catalog import ARGOCD, kubectl_minors
from environments.names import Names
from evalctl.lifecycle.problems import NoClusterError, NotReadyError
from evalctl.processes import Command, CommandFailedError, Json, json_output, not_installed

_REACH = "--request-timeout=15s"  # kubectl's default is to wait for minutes


@dataclass(frozen=True)
class Kubectl:
    """Kubectl with the context on every call, because the current context may change meanwhile."""

    context: str

    def command(self, *arguments: str) -> Command:
        return ("kubectl", "--context", self.context, *arguments)

    def read(self, *arguments: str) -> Command:
        return self.command(_REACH, *arguments)


def require_programs(names: Names, *, also: Mapping[str, str] | None = None) -> None:
    """Refuse to start without kubectl, aws and the programs in `also` (name → how to get it).

    Raises:
        NotReadyError: naming every missing program.
    """
    programs = {
        "kubectl": f"install it for Kubernetes {names.env.cluster.kubernetes_version}",
        "aws": "install the AWS command line; kubectl signs in to EKS with it",
        **(also or {}),
    }
    if missing := not_installed(programs):
        raise NotReadyError(*missing)


def require_account(names: Names) -> None:
    """Refuse credentials of any account but the environment's.

    Raises:
        NotReadyError: AWS does not accept them, or they are another account's.
    """
    account = names.env.account
    try:
        identity = json_output(("aws", "sts", "get-caller-identity", "--output", "json"))
    except CommandFailedError as error:
        raise NotReadyError(
            f"AWS does not accept your credentials: {error.reason}. Sign in to account {account.id}"
        ) from None
    if identity.get("Account") != account.id:
        raise NotReadyError(
            f"Your AWS credentials are of account {identity.get('Account')} ({identity.get('Arn')}), "
            f"but {names.env.name} is in account {account.id} (environments/{names.env.name}.py). Sign in "
            "there, or choose the profile with AWS_PROFILE"
        )


def require_cluster(names: Names, *, context: str | None) -> Kubectl:
    """The kubectl context that leads to the environment's cluster, once the account is known.

    Raises:
        NoClusterError: the cluster is not there.
        NotReadyError: the context leads elsewhere, or AWS cannot be queried.
    """
    endpoint = _endpoint(names)
    chosen, server = _context(names, context)
    if _address(server) != _address(endpoint):
        raise NotReadyError(
            f"The kubectl context {chosen!r} leads to {server}, but {names.cluster} answers at "
            f"{endpoint}. Name the right one with --context, or make it: {_make_context(names)}"
        )
    return Kubectl(chosen)


def require_answer(names: Names, kubectl: Kubectl) -> tuple[str, list[str]]:
    """The cluster's Kubernetes version, and warnings about it.

    Raises:
        NotReadyError: the API does not answer, or this kubectl does not fit its version.
    """
    try:
        versions = json_output(kubectl.read("version", "--output=json"))
    except CommandFailedError as error:
        raise NotReadyError(
            f"The API of {names.cluster} does not answer kubectl. {_way_in(names)}. Kubectl's "
            f"error: {error.reason}"
        ) from None
    client, server = _minor(versions, "clientVersion"), _minor(versions, "serverVersion")
    version = f"1.{server}"
    oldest, newest = kubectl_minors(version)
    if f"1.{client}" not in (oldest, version, newest):
        raise NotReadyError(
            f"kubectl is of Kubernetes 1.{client}, {names.cluster} runs {version}: they may differ by one "
            f"minor. Install kubectl {oldest} to {newest}"
        )
    if version in ARGOCD.kubernetes_versions:
        return version, []
    tested = ", ".join(ARGOCD.kubernetes_versions)
    return version, [f"Argo CD {ARGOCD.version} is tested on Kubernetes {tested}, not on {version}"]


def _context(names: Names, context: str | None) -> tuple[str, str]:
    """Name and server of the context."""
    chosen = () if context is None else ("--context", context)
    command = ("kubectl", "config", "view", "--minify", "--output=json", *chosen)
    try:
        config = json_output(command)
        name = context or str(config["current-context"])
        clusters = config["clusters"]
        assert isinstance(clusters, list)
        return name, str(clusters[0]["cluster"]["server"])
    except CommandFailedError as error:
        reason = error.reason
    except (KeyError, IndexError, TypeError):
        reason = "the context names no server"
    raise NotReadyError(
        f"There is no kubectl context to use: {reason}. Make one: {_make_context(names)}"
    )


def _endpoint(names: Names) -> str:
    region = names.env.account.region
    command = ("aws", "eks", "describe-cluster", "--name", names.cluster, "--region", region)
    try:
        cluster = json_output((*command, "--output", "json"))["cluster"]
        assert isinstance(cluster, dict)
    except CommandFailedError as error:
        if "ResourceNotFoundException" in error.reason:
            raise NoClusterError(
                f"There is no EKS cluster {names.cluster} in {region} of account "
                f"{names.env.account.id}: apply the stacks first (docs/first-day.md)"
            ) from None
        raise NotReadyError(f"AWS does not describe {names.cluster}: {error.reason}") from None
    if cluster.get("status") != "ACTIVE":
        raise NotReadyError(f"{names.cluster} is {cluster.get('status')}; wait until it is ACTIVE")
    return str(cluster["endpoint"])


def _make_context(names: Names) -> str:
    return f"aws eks update-kubeconfig --name {names.cluster} --region {names.env.account.region}"


def _way_in(names: Names) -> str:
    cluster = names.env.cluster
    networks = ", ".join((*cluster.public_access_cidrs, *cluster.private_access_cidrs))
    roles = " or ".join(cluster.admin_role_names)
    return f"It accepts connections only from {networks}, and only the role {roles}"


def _address(url: str) -> str:
    return url.rstrip("/").lower().removesuffix(":443")


def _minor(versions: Json, side: str) -> int:
    found = versions.get(side)
    minor = str(found.get("minor", "")) if isinstance(found, dict) else ""
    digits = re.match(r"\d+", minor)  # EKS writes "35+"
    if digits is None:
        raise NotReadyError(f"kubectl does not report its {side}; install another kubectl")
    return int(digits.group())
