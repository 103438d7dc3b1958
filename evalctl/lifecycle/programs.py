"""Runs kubectl, aws and git, and puts their failures into words."""

import json
import re
import shlex
import subprocess

Command = tuple[str, ...]
Json = dict[str, object]

# What only looks answers at once, or the API cannot be reached.
_READ_SECONDS = 60
_LOG_LINE = re.compile(r"[EWI]\d{4} ")


class CommandFailedError(Exception):
    """A program ended with an error; `said` is what it printed."""

    def __init__(self, command: Command, said: str) -> None:
        self.said = said
        super().__init__(f"`{shown(command)}` failed: {said or 'it said nothing'}")


def shown(command: Command) -> str:
    """As a person would type it."""
    return shlex.join(command)


def output(command: Command, *, seconds: int | None = _READ_SECONDS) -> str:
    """What the program printed.

    Raises:
        CommandFailedError: it ended with an error, or did not end in time.
    """
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,  # nothing here may wait for a person's password
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CommandFailedError(command, f"no answer in {seconds} seconds") from None
    if done.returncode != 0:
        raise CommandFailedError(command, _last_lines(done.stderr) or _last_lines(done.stdout))
    return done.stdout


def json_output(command: Command) -> Json:
    """The JSON object that the program printed, or nothing if it printed nothing.

    Raises:
        CommandFailedError: it ended with an error, or did not print a JSON object.
    """
    text = output(command)
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise CommandFailedError(command, f"it printed {text[:200]!r}")
    return found


def _last_lines(text: str) -> str:
    """The end of what was said, without kubectl's log of each try before it gave up."""
    lines = [line.removeprefix("error: ") for line in text.strip().splitlines()]
    told = [line for line in lines if not _LOG_LINE.match(line)]
    return "\n".join(list(dict.fromkeys(told or lines))[-3:])
