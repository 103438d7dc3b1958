"""A server that can be stopped and started again in the middle of a block."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from evalctl.servers import running


class Restartable:
    """One server of `evalctl.servers.running`, with the same command at each start."""

    def __init__(
        self,
        *command: str,
        log: Path,
        ready: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
        user: int | None = None,
        end_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self._command, self._log, self._ready = command, log, ready
        self._environment, self._user, self._end_signal = environment, user, end_signal
        self._running = ExitStack()

    def start(self) -> None:
        """Raises NotStartedError with the end of its log."""
        self._running.enter_context(
            running(
                *self._command,
                log=self._log,
                ready=self._ready,
                environment=self._environment,
                user=self._user,
                end_signal=self._end_signal,
            )
        )

    def stop(self) -> None:
        """End it with its signal."""
        self._running.close()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """It is down for the length of a block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
