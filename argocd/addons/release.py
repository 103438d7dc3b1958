"""What an add-on's module says; everything else about its Application is the same for all."""

from collections.abc import Mapping
from dataclasses import dataclass

from environments.names import Addon


@dataclass(frozen=True, kw_only=True)
class Release:
    """One chart, installed once: where, and with which values. Its version is the add-on set's."""

    addon: Addon
    namespace: str
    values: Mapping[str, object]
    # Definitions or volumes, which take along what depends on them: a person confirms its removal.
    holds_data: bool = False
