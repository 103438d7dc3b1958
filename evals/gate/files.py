"""Writes the gate's files, and reads JSON into typed values."""

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")


class InvalidJsonError(Exception):
    """The JSON is not of the expected form; the message names the first wrong field."""


def write(file: Path, text: str) -> None:
    """Replace a file in one step: a reader or a failure never finds half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def parse(type_: type[T], content: bytes) -> T:
    """The value in a JSON text."""
    try:
        return TypeAdapter(type_).validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        location = ".".join(map(str, first["loc"]))
        raise InvalidJsonError(": ".join(filter(None, (location, first["msg"])))) from error
