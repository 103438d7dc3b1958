"""The one concept of all checks: a check yields findings, and passes if they are evidence and no problem."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.node import Node, UnusableError


@dataclass(frozen=True)
class Finding:
    """A value that a check rests on, and what is wrong with it; `other` is the other end of a wiring."""

    node: Node
    problem: str | None = None  # None: evidence
    other: Node | None = None

    def __str__(self) -> str:
        """`file:line: path = value: problem, other file:line`."""
        text = self.node.location
        if path := self.node.shown_path:
            text += f": {path} = {self.node.shown_value}"
        if self.problem:
            text += f": {self.problem}"
        if self.other is not None:
            text += f" ({self.other.location}: {self.other.shown_path} = {self.other.shown_value})"
        return text


@dataclass(frozen=True)
class Subject:
    """What a check reads: the rendered files, and the day for what depends on it."""

    env: RenderedEnvironment
    today: date


Find = Callable[[Subject], Iterator[Finding]]


@dataclass(frozen=True)
class Check:
    """A named function over one environment."""

    name: str  # as in "requests-and-limits"
    title: str  # what is true when it passes
    rests_on: str  # the files and fields that it reads
    brief: str | None  # the brief's number, as in "B10"
    find: Find

    def run(self, subject: Subject) -> list[Finding]:
        """All findings; a check that finds nothing at all to rest on has that problem."""
        try:
            found = list(self.find(subject))
        except UnusableError as error:
            return [Finding(error.node, error.problem)]
        except RecursionError:
            return [Finding(subject.env.place(""), "a document contains itself; render it again")]
        if not found:
            return [
                Finding(
                    subject.env.place(""), f"nothing is here that this check reads: {self.rests_on}"
                )
            ]
        return found


def check(*, title: str, rests_on: str, brief: str | None = None) -> Callable[[Find], Check]:
    """Make a check of a function; its name is the function's."""

    def make(find: Find) -> Check:
        name = find.__name__.replace("_", "-")
        return Check(name, title, inspect.cleandoc(rests_on), brief, find)

    return make


def require(node: Node, holds: bool, problem: str, *, other: Node | None = None) -> Finding:
    """Evidence if the condition holds, or else the problem."""
    return Finding(node, None if holds else problem, other)
