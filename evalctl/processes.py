"""Runs other programs to their end: kubectl, aws, git, terraform and the like."""

import asyncio
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

Command = tuple[str, ...]
Json = dict[str, object]

# Package names of Debian and Ubuntu; other systems have packages of the same names.
HOW_TO_GET = {
    "aws": "the AWS command line, from https://docs.aws.amazon.com/cli",
    "chromium": "apt-get install chromium",
    "git": "apt-get install git",
    "helm": "`make setup`, then `source .venv/bin/activate`",
    "postgres": "apt-get install postgresql",
    "prometheus": "apt-get install prometheus",
    "prometheus-redis-exporter": "apt-get install prometheus-redis-exporter",
    "promtool": "apt-get install prometheus",
    "psql": "apt-get install postgresql-client",
    "redis-cli": "apt-get install redis-tools",
    "redis-server": "apt-get install redis-server",
    "terraform": "1.11 or newer, from https://developer.hashicorp.com/terraform/install",
}

# Go's runtime collects garbage when the heap has grown by this percentage (https://go.dev/doc/gc-guide). With
# its default, 100, terraform and its provider use a quarter more processor time.
GO_VARIABLES = {"GOGC": "300"}
# A command that only reads answers within this time, or the server cannot be reached.
_READ_SECONDS = 60
_GRACE_SECONDS = 10
_LOG_LINE = re.compile(r"[EWI]\d{4} ")  # klog's format, which kubectl uses


class CommandFailedError(Exception):
    """A program failed; `output` is all that it printed, `reason` the end of its error output."""

    def __init__(
        self, command: Command, reason: str, *, output: str = "", exit_code: int = 1
    ) -> None:
        self.reason = reason
        self.output = output
        self.exit_code = exit_code
        super().__init__(f"`{shown(command)}` failed: {reason or 'it printed nothing'}")


def shown(command: Command) -> str:
    """The command as a person would type it."""
    return shlex.join(command)


def not_installed(programs: Mapping[str, str]) -> list[str]:
    """A line for each program (name → how to get it) that is not on the PATH."""
    return [
        f"{program} is not installed: {how_to_get}"
        for program, how_to_get in programs.items()
        if shutil.which(program) is None
    ]


def output(
    command: Command,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: int | None = _READ_SECONDS,
) -> str:
    """The program's standard output.

    Raises:
        CommandFailedError: it is not installed, failed, or did not end in time.
    """
    try:
        result = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",  # the way in which Python reads file names
            stdin=subprocess.DEVNULL,  # no program may wait for a password
            timeout=seconds,
            check=False,
        )
    except FileNotFoundError:
        raise CommandFailedError(command, f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise CommandFailedError(command, f"no answer in {seconds} seconds") from None
    if result.returncode != 0:
        raise CommandFailedError(
            command,
            _last_lines(result.stderr) or _last_lines(result.stdout),
            output=f"{result.stdout}{result.stderr}".strip(),
            exit_code=result.returncode,
        )
    return result.stdout


def json_output(command: Command) -> Json:
    """The JSON object that the program printed, or an empty one if it printed nothing.

    Raises:
        CommandFailedError: it failed, or did not print a JSON object.
    """
    text = output(command)
    try:
        document = json.loads(text or "{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise CommandFailedError(command, f"it printed {text[:200]!r}")
    return document


def run_in_terminal(command: Command, *, folder: Path) -> None:
    """Run a program whose output appears in this terminal while it runs.

    Raises:
        CommandFailedError: it failed.
    """
    code = subprocess.run(command, cwd=folder, check=False).returncode
    if code != 0:
        raise CommandFailedError(command, f"exit status {code}", exit_code=code)


@asynccontextmanager
async def started(
    *command: str,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stderr: int = asyncio.subprocess.STDOUT,
    inherited: tuple[int, ...] = (),
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program in a process group of its own. The block's end stops the whole group.

    It inherits these file descriptors besides the standard ones.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=stderr,
        pass_fds=inherited,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            _signal_group(process.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
            except TimeoutError:
                _signal_group(process.pid, signal.SIGKILL)
                await process.wait()


def _signal_group(group: int, number: int) -> None:
    """Signal a process group; nothing if it has just ended, which asyncio notices a moment later."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


async def run(*command: str, folder: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """The program's exit code, and its standard output and error output together."""
    async with started(*command, folder=folder, environment=environment) as process:
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


def _last_lines(text: str) -> str:
    """The last three lines, without kubectl's log of its retries."""
    lines = [line.removeprefix("error: ") for line in text.strip().splitlines()]
    messages = [line for line in lines if not _LOG_LINE.match(line)]
    return "\n".join(list(dict.fromkeys(messages or lines))[-3:])
