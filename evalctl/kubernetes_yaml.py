"""Reads YAML as Kubernetes does."""

from typing import Any

import yaml


class _Loader(yaml.CSafeLoader):
    """A bare `=` is a string."""

    yaml_constructors = yaml.CSafeLoader.yaml_constructors | {
        "tag:yaml.org,2002:value": yaml.CSafeLoader.construct_yaml_str
    }


def documents(text: str) -> list[dict[str, Any]]:
    """The objects of a file; empty documents are left out."""
    return [document for document in yaml.load_all(text, Loader=_Loader) if document]
