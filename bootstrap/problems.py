"""What stands in the way of a bootstrap."""


class NotReadyError(Exception):
    """Nothing was changed; each problem says what is wrong, and what to do about it."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class InterruptedBootstrapError(Exception):
    """A command failed after the first change; the message says which, and how to go on."""
