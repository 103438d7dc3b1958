"""Starts kwok, which moves nodes and pods through the stages of `stages.yaml`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

from evalctl.servers import is_listening, running

STAGES = Path(__file__).with_name("stages.yaml")
# kwok manages the nodes with this annotation.
NODE_ANNOTATION = "kwok.x-k8s.io/node"
# A pod runs once it has this annotation.
ADMITTED_ANNOTATION = "rehearsal.eval-platform.io/admitted"
# What the kubelet reports of a pod to metrics-server; Kubernetes quantities.
CPU_ANNOTATION = "rehearsal.eval-platform.io/usage-cpu"
MEMORY_ANNOTATION = "rehearsal.eval-platform.io/usage-memory"
# The address of a node in its subnet.
ADDRESS_ANNOTATION = "rehearsal.eval-platform.io/address"
# Where metrics-server reads a node's metrics.
METRICS_PATH = "/metrics/nodes/{nodeName}/metrics/resource"

_LEASE_SECONDS = 40  # the kubelet's default


def kwok_command(
    program: Path,
    *,
    kubeconfig: Path,
    port: int,
    certificate: Path,
    key: Path,
    pod_cidr: str,
) -> tuple[str, ...]:
    """kwok with its arguments; `port` is every node's kubelet, which answers with the certificate."""
    return (
        str(program),
        *("--kubeconfig", str(kubeconfig)),
        *("--config", str(STAGES)),
        *("--manage-nodes-with-annotation-selector", f"{NODE_ANNOTATION}=fake"),
        *("--node-lease-duration-seconds", str(_LEASE_SECONDS)),
        *("--node-ip", "127.0.0.1", "--node-port", str(port)),
        *("--server-address", f"127.0.0.1:{port}"),
        *("--tls-cert-file", str(certificate), "--tls-private-key-file", str(key)),
        *("--cidr", pod_cidr),
    )


def running_kwok(
    command: Sequence[str], *, port: int, log: Path
) -> AbstractContextManager[Popen[bytes]]:
    """The command of `kwok_command`, from when it answers on the port to the block's end.

    Raises:
        NotStartedError: it ended, or was not ready in time.
    """
    return running(
        *command,
        log=log,
        ready=lambda: is_listening(port),
        # Its own folder stands for the user's, whose ~/.kwok/kwok.yaml it would read.
        environment={"HOME": str(log.parent)},
    )
