"""JSON as a render writes it: what programs read in different ways, or cannot print, is an error."""

import json

from evalctl import kubernetes_yaml


def json_value(text: str) -> object:
    """The value of a JSON text.

    Raises:
        ValueError: it is no JSON, or a key is there twice, or a text is not Unicode.
        yaml.YAMLError: the same for a key or deep nesting whose line is known.
    """
    if kubernetes_yaml.is_deep(text):
        kubernetes_yaml.rendered_documents(text)  # it raises the error with the line
    try:
        value = json.loads(text, object_pairs_hook=_mapping, parse_constant=_refuse)
    except _TwiceError:
        kubernetes_yaml.rendered_documents(text)  # JSON is YAML, whose reader has lines
        raise
    if "\\u" in text:
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair cannot be printed
    return value


class _TwiceError(ValueError):
    pass


def _mapping(pairs: list[tuple[str, object]]) -> dict[str, object]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        raise _TwiceError("a key is here twice")
    return mapping


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON")
