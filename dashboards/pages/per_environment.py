"""One text for all environments where they agree, and one for each where they differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from dashboards.observable import Board, Observable

T = TypeVar("T")


@dataclass(frozen=True)
class PerEnvironment(Generic[T]):
    """A value for each environment, in the environments' order."""

    of: Mapping[str, T]

    @property
    def first(self) -> T:
        return next(iter(self.of.values()))

    def texts(self, text: Callable[[T], str]) -> dict[str, str]:
        return {name: text(value) for name, value in self.of.items()}

    def once(self, text: Callable[[T], str]) -> str:
        """One text if all environments agree, otherwise one for each with the environment's name."""
        texts = self.texts(text)
        if len(set(texts.values())) == 1:
            return next(iter(texts.values()))
        end = "." if all(text.endswith(".") for text in texts.values()) else ""
        return (
            "; ".join(f"{name}: {value.removesuffix('.')}" for name, value in texts.items()) + end
        )

    def code(self, text: Callable[[T], str], language: str, comment: str) -> str:
        """A fenced block, with a comment above each part that differs."""
        texts = self.texts(text)
        if len(set(texts.values())) == 1:
            body = next(iter(texts.values()))
        else:
            body = "\n".join(f"{comment} {name}\n{value}" for name, value in texts.items())
        return f"```{language}\n{body}\n```"


def observables(boards: PerEnvironment[Board]) -> list[PerEnvironment[Observable]]:
    """The observables of a board that every environment has."""
    by_id = {
        name: {observable.id: observable for observable in board.observables}
        for name, board in boards.of.items()
    }
    return [
        PerEnvironment({name: found[observable.id] for name, found in by_id.items()})
        for observable in boards.first.observables
    ]


def across(environments: Mapping[str, Sequence[Board]]) -> list[PerEnvironment[Board]]:
    """Board by board; every environment must have the same ones, with the same observables."""
    shapes = {
        name: [(board.uid, [observable.id for observable in board.observables]) for board in boards]
        for name, boards in environments.items()
    }
    first = next(iter(shapes))
    for name, shape in shapes.items():
        if shape != shapes[first]:
            raise ValueError(
                f"{name} has other boards or observables than {first}, so they cannot share one "
                "runbook. Give every environment the same ones; only their numbers may differ."
            )
    boards_by_position = zip(*environments.values(), strict=True)
    return [
        PerEnvironment(dict(zip(environments, boards, strict=True)))
        for boards in boards_by_position
    ]
