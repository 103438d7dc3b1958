"""The errors that stop a bootstrap or a teardown."""


class NotReadyError(Exception):
    """A check failed and nothing was changed; each problem describes what is wrong and what to do."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class NoClusterError(NotReadyError):
    """AWS has no such cluster: it is not created yet, or deleted already."""


class StoppedHalfwayError(Exception):
    """A command failed after the first change; the message names it and how to continue."""
