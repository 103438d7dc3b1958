"""The type that an add-on's module returns; the rest of its Application is the same for all add-ons."""

from collections.abc import Mapping
from dataclasses import dataclass

from environments.names import Addon


@dataclass(frozen=True, kw_only=True)
class AddonChart:
    """One chart, its namespace and its values. The environment's add-on set has its version."""

    addon: Addon
    namespace: str
    values: Mapping[str, object]
    # CRDs or volumes, whose removal deletes objects that depend on them: a person confirms it.
    holds_data: bool = False
