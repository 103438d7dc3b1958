"""What stands in the way of a bootstrap or a teardown."""


class NotReadyError(Exception):
    """Nothing was changed; each problem says what is wrong, and what to do about it."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class NoClusterError(NotReadyError):
    """AWS knows no such cluster: not yet, or no more."""


class StoppedHalfwayError(Exception):
    """A command failed after the first change; the message says which, and how to go on."""
