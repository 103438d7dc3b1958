"""Runs the checks of a program one after another."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from environments.names import Names
from environments.spec import Environment
from evalctl.conformance.bench import Bench, Command
from evalctl.conformance.check import Check, Result, Subject
from evalctl.conformance.platform import platform, replacements
from evalctl.conformance.pod import UnreadableManifestsError
from evalctl.conformance.program import BrokenError
from evalctl.conformance.scale import Scale
from evalctl.local_servers.postgres import NoPostgresError
from evalctl.processes import CommandFailedError
from evalctl.servers import NotStartedError

FAILURES = (CommandFailedError, NoPostgresError, NotStartedError, UnreadableManifestsError)


@contextmanager
def bench(
    env: Environment,
    *,
    checkout: Path,
    subject: Subject,
    commands: Mapping[Subject, Command],
    scale: Scale,
    note: Callable[[str], None],
) -> Iterator[Bench]:
    """The platform on loopback, and what it replaces; all programs and folders end with the block.

    Raises:
        One of FAILURES: a server did not start.
    """
    with tempfile.TemporaryDirectory(prefix="conformance-") as scratch:
        folder = Path(scratch)
        for line in replacements(scale, folder / "root"):
            note(line)
        rendered = checkout / "rendered" / env.name
        with platform(Names(env), rendered, folder, scale=scale) as servers:
            made = Bench(servers, subject, commands)
            try:
                yield made
            finally:
                made.close()


def result(made: Bench, check: Check) -> Result:
    """How a check ends."""
    began = time.monotonic()
    try:
        passed, evidence = True, check.proof(made)
    # A program that breaks the contract can end a connection or a server's answer at any place.
    except (
        BrokenError,
        CommandFailedError,
        NotStartedError,
        OSError,
        subprocess.SubprocessError,
    ) as error:
        passed, evidence = False, str(error) or repr(error)
    return Result(check.id, check.line, passed, evidence, round(time.monotonic() - began, 1))


def unusable(commands: Mapping[Subject, Command]) -> list[str]:
    """A line for each program that is not on this machine."""
    return [
        f"{subject}: {command[0] if command else 'the command'} is not a program here; `make workload` "
        "installs the reference's"
        for subject, command in commands.items()
        if not command or shutil.which(command[0]) is None
    ]
