"""Compares the Terraform JSON of two programs by meaning: spaces and the order of keys do not count."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MISSING = "missing"
Steps = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """A difference that changes nothing for terraform; `ours` and `theirs` are patterns of the whole value."""

    path: Steps
    ours: str
    theirs: str
    why: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}, {self.why}"


ALLOWED = (
    Allowed(
        path=("//", "metadata", "version"),
        ours=r"0\.21\.0",
        theirs=r"\d+\.\d+\.\d+",
        why="the version of the library that rendered the file, in a comment: terraform does not read it",
    ),
    Allowed(
        path=("terraform", "required_providers", "aws", "source"),
        ours="aws",
        theirs="hashicorp/aws",
        why="two spellings of registry.terraform.io/hashicorp/aws, which is the address in the state",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A value that both documents do not share."""

    path: Steps
    ours: object
    theirs: object

    def allowed(self) -> Allowed | None:
        return next(
            (
                one
                for one in ALLOWED
                if one.path == self.path
                and re.fullmatch(one.ours, str(self.ours))
                and re.fullmatch(one.theirs, str(self.theirs))
            ),
            None,
        )

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.ours!r} here, {self.theirs!r} of the fork"


def differences(ours: object, theirs: object, path: Steps = ()) -> Iterator[Difference]:
    """Every value that differs, or that only one of the documents has."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from differences(
                ours.get(key, MISSING), theirs.get(key, MISSING), (*path, str(key))
            )
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, (*path, index))
    elif type(ours) is not type(theirs) or ours != theirs:  # True equals 1 in Python
        yield Difference(path=path, ours=ours, theirs=theirs)
