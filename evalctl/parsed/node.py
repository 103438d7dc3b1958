"""One value of a rendered file, with its place, and what it is read as."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import yaml

from evalctl import kubernetes_yaml
from evalctl.parsed.source import Source, Step
from evalctl.parsed.strict_json import json_value

_SHOWN = 72  # characters of a value in a report


class UnusableError(Exception):
    """A value is missing, or it is not of the type that is needed there."""

    def __init__(self, node: "Node", problem: str) -> None:
        self.node = node
        self.problem = problem
        super().__init__(f"{node.location}: {problem}")


# Nothing changes a node. It is not frozen: checks make millions, and each would take three times as long.
@dataclass(slots=True, unsafe_hash=True)
class Node:
    """A value at a path; its value is None if nothing is there."""

    source: Source = field(repr=False)
    path: tuple[Step, ...]
    value: object

    @property
    def present(self) -> bool:
        return self.value is not None

    @property
    def location(self) -> str:
        return f"{self.source.file}:{self.source.line(self.path)}"

    @property
    def shown_path(self) -> str:
        """As in `spec.template.spec.containers[0].image`."""
        shown = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}"
            for step in (*self.source.within, *self.path)
        )
        return shown.removeprefix(".")

    @property
    def shown_value(self) -> str:
        if self.value is None:
            return "missing"
        text = self.value if isinstance(self.value, str) else json.dumps(self.value, default=str)
        line = " ".join(text.split())
        return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"

    def __getitem__(self, step: Step) -> "Node":
        """What is there.

        Raises:
            UnusableError: this is neither missing nor what can hold it.
        """
        holder, found = self.value, None
        if isinstance(step, str):
            if isinstance(holder, dict):
                found = holder.get(step)
            elif holder is not None:
                raise UnusableError(self, "this must be a mapping")
        elif isinstance(holder, list):
            found = holder[step] if 0 <= step < len(holder) else None
        elif holder is not None:
            raise UnusableError(self, "this must be a list")
        return Node(self.source, (*self.path, step), found)

    @property
    def key(self) -> str:
        """The value as a key of a mapping of ours; different values have different keys."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value, default=str)

    def at(self, *steps: Step) -> "Node":
        node = self
        for step in steps:
            node = node[step]
        return node

    def items(self) -> list["Node"]:
        """The list's values; none if it is missing.

        Raises:
            UnusableError: it is not a list.
        """
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            raise UnusableError(self, "this must be a list")
        return [Node(self.source, (*self.path, i), item) for i, item in enumerate(self.value)]

    def blocks(self) -> list["Node"]:
        """The same where Terraform also accepts one block without a list."""
        return [self] if isinstance(self.value, dict) else self.items()

    def entries(self) -> list[tuple[str, "Node"]]:
        """The mapping's keys and values; none if it is missing.

        Raises:
            UnusableError: it is not a mapping.
        """
        if self.value is None:
            return []
        if not isinstance(self.value, dict):
            raise UnusableError(self, "this must be a mapping")
        return [
            (str(key), Node(self.source, (*self.path, str(key)), value))
            for key, value in self.value.items()
        ]

    def text(self) -> str:
        """The value as text.

        Raises:
            UnusableError: it is missing, or not a text.
        """
        if not isinstance(self.value, str):
            raise UnusableError(self, "this must be a text")
        return self.value

    def text_or(self, default: str) -> str:
        return default if self.value is None else self.text()

    def texts(self) -> list[str]:
        """The texts of a list, or the single text that AWS' policies also accept."""
        if isinstance(self.value, str):
            return [self.value]
        return [item.text() for item in self.items()]

    def labels(self) -> dict[str, str]:
        return {key: value.text() for key, value in self.entries()}

    def number(self) -> float:
        """The value as a number; a text of digits is one too, as in a ConfigMap.

        Raises:
            UnusableError: it is missing, or not a number.
        """
        value = self.value
        try:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            number = float(value if is_number else self.text())  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            number = math.inf
        if not math.isfinite(number):
            raise UnusableError(self, "this must be a number")
        return number

    def number_or(self, default: float) -> float:
        return default if self.value is None else self.number()

    def flag(self) -> bool:
        """Whether it is true; a missing value is false, and cdktf writes some as texts.

        Raises:
            UnusableError: it is neither true nor false.
        """
        match self.value:
            case True | "true":
                return True
            case None | False | "false":
                return False
        raise UnusableError(self, "this must be true or false")

    def document(self) -> "Node":
        """The YAML or JSON document in this text.

        Raises:
            UnusableError: it is not a text, or the text is no document.
        """
        text = self.text()
        source = Source(self.source.file, text, self.source, self.path)
        try:
            value = _parsed(text)
        except (ValueError, yaml.YAMLError, RecursionError) as error:
            raise UnusableError(
                self, f"this text must hold a document: {_first_line(error)}"
            ) from None
        return Node(source, (), value)

    def walk(self) -> Iterator["Node"]:
        """This value and all values below it."""
        below = [self]
        while below:
            node = below.pop()
            yield node
            if isinstance(node.value, dict):
                below += [each for _, each in reversed(node.entries())]
            elif isinstance(node.value, list):
                below += reversed(node.items())


@lru_cache(maxsize=1024)  # several checks read the same policies, boards and configurations
def _parsed(text: str) -> object:
    if text.startswith("{"):
        return json_value(text)
    (document,) = kubernetes_yaml.rendered_documents(text)
    return document


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
