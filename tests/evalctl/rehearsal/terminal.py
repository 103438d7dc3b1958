"""A person at a terminal: types the commands of a page, and answers the prompts of programs."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect

_PROMPT = "what next? "
_SIZE = (50, 160)  # rows, columns
_LIMIT_SECONDS = 1800


class Terminal:
    """One bash shell for all commands; it ends at the first command that fails."""

    def __init__(self, shell: "pexpect.spawn[str]", scripts: Path) -> None:
        self._shell = shell
        self._scripts = scripts
        self.typed: list[str] = []
        self._all = shell.logfile_read = io.StringIO()
        shell.expect_exact(_PROMPT)

    @property
    def shown(self) -> str:
        """Everything on the screen so far."""
        return self._all.getvalue()

    def types(self, commands: str, *, answers: Mapping[str, str] | None = None) -> None:
        """Run the commands; answer a prompt that ends in a key of `answers` with its value and Enter."""
        self._start(commands, "")
        prompts = dict(answers or {})
        while (found := self._shell.expect_exact([_PROMPT, *prompts, pexpect.EOF])) != 0:
            assert found <= len(prompts), f"failed:\n{commands}\n{self.shown[-4000:]}"
            self._shell.send([*prompts.values()][found - 1] + "\r")

    def watches(self, commands: str, *, until: str) -> None:
        """Run commands that end only with Ctrl-C, and press it when `until` appears."""
        self._start(commands, " || true")
        found = self._shell.expect_exact([until, _PROMPT, pexpect.EOF])
        assert found == 0, f"{until!r} was not seen:\n{commands}\n{self.shown[-4000:]}"
        self._shell.sendintr()
        self._shell.expect_exact(_PROMPT)

    def _start(self, commands: str, after: str) -> None:
        self.typed.append(commands)
        script = self._scripts / "typed.sh"
        script.write_text(commands)
        self._shell.send(f". {script}{after}\r")


@contextmanager
def terminal(folder: Path, *, environment: Mapping[str, str], scripts: Path) -> Iterator[Terminal]:
    """A terminal in `folder`; typed commands are read from a file in `scripts`."""
    with pexpect.spawn(
        "bash",
        ["--noprofile", "--norc", "--noediting", "-eo", "pipefail"],
        cwd=str(folder),
        env={**environment, "PS1": _PROMPT, "VIRTUAL_ENV_DISABLE_PROMPT": "1", "TERM": "dumb"},
        dimensions=_SIZE,
        encoding="utf-8",
        timeout=_LIMIT_SECONDS,
    ) as shell:
        yield Terminal(shell, scripts)
