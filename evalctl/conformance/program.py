"""One running copy of the tested program, as a pod's container: its probes, metrics, log and signals."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from evalctl import interrupts
from evalctl.conformance.pod import Pod, Probe

_NO_ANSWER = 0
_END_OF_LOG = 1_500  # characters


class BrokenError(Exception):
    """The program broke a line of the contract; the message is the evidence."""


@dataclass(frozen=True)
class Program:
    """A process group on loopback; its ports are the pod's, replaced by free ones."""

    name: str
    pod: Pod
    ports: Mapping[int, int]  # the pod's → the real one
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes]

    def status(self, probe: Probe | None) -> int:
        """The HTTP status of a probe; 0 if no answer comes within the probe's timeout."""
        assert probe is not None
        try:
            with urllib.request.urlopen(self.url(probe.port) + probe.path, timeout=3) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return _NO_ANSWER

    def url(self, port: int) -> str:
        return f"http://127.0.0.1:{self.ports[port]}"

    @property
    def is_alive(self) -> bool:
        return self.status(self.pod.liveness) == 200

    @property
    def is_ready(self) -> bool:
        return self.status(self.pod.readiness) == 200

    def metrics(self) -> dict[str, Metric]:
        """What Prometheus reads, by the name of the family; a counter's has no `_total`.

        Raises:
            BrokenError: there is no answer, or it is not Prometheus' format.
        """
        address = self.url(self.pod.ports["metrics"]) + "/metrics"
        try:
            with urllib.request.urlopen(address, timeout=5) as response:
                text = response.read().decode()
            return {family.name: family for family in text_string_to_metric_families(text)}
        except (OSError, ValueError) as error:
            raise BrokenError(f"/metrics of {self.name}: {error}") from None

    def value(self, sample: str, labels: Mapping[str, str] | None = None) -> float:
        """The sum of the samples of this name that have these labels."""
        wanted = (labels or {}).items()
        return sum(
            found.value
            for family in self.metrics().values()
            for found in family.samples
            if found.name == sample and wanted <= found.labels.items()
        )

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def terminate(self) -> None:
        """SIGTERM to the first process, as the kubelet sends it."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to all its processes, as when a node disappears."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end_of_log(self) -> str:
        return self.log.read_text(errors="replace")[-_END_OF_LOG:]


@contextmanager
def started(
    command: tuple[str, ...],
    *,
    name: str,
    pod: Pod,
    ports: Mapping[int, int],
    environment: Mapping[str, str],
    folder: Path,
) -> Iterator[Program]:
    """A started program, which may not be ready yet; the block's end kills it."""
    log = folder / f"{name}.log"
    with ExitStack() as stack:
        with interrupts.held(), log.open("ab") as output:
            process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            program = Program(name, pod, ports, environment, log, process)
            stack.callback(program.kill)
        yield program


def ready(program: Program, *, seconds: float) -> Program:
    """The program, once its readiness probe succeeds.

    Raises:
        BrokenError: it ended, or was not ready in time.
    """
    deadline = time.monotonic() + seconds
    while not program.is_ready:
        if program.has_ended or time.monotonic() > deadline:
            what = "ended" if program.has_ended else f"was not ready after {seconds:.0f} s"
            raise BrokenError(f"{program.name} {what}. The end of its log:\n{program.end_of_log()}")
        time.sleep(0.1)
    return program
