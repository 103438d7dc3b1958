"""Finds rendered Kubernetes objects by kind and name."""

from collections.abc import Iterable
from typing import Any

Manifest = dict[str, Any]


def all_of(manifests: Iterable[Manifest], kind: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def one(manifests: Iterable[Manifest], kind: str, name: str | None = None) -> Manifest:
    """The single object of this kind, or the one with this name."""
    found = [m for m in all_of(manifests, kind) if name in (None, m["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} objects of kind {kind} named {name or 'anything'}"
    return found[0]
