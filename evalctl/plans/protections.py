"""Finds changes in place that take protection from data, or shorten or stop a log."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evalctl.plans.plan_file import Action, Change

# Dotted names of attributes, without the positions in lists. The defaults and the meaning of 0 are those of
# the provider's pages of each resource.
_MUST_STAY_ON = {
    "deletion_protection",  # RDS, EKS
    "deletion_protection_enabled",  # DynamoDB
    "enable_deletion_protection",  # load balancers
}
_MUST_STAY_OFF = {
    "delete_automated_backups",
    "force_delete",
    "force_destroy",
    "skip_final_snapshot",
}
_DAYS = {
    "backup_retention_period",
    "deletion_window_in_days",
    "min_retention_days",
    "recovery_window_in_days",
    "snapshot_retention_limit",
}
# Without a number, or with 0, nothing is ever deleted.
_DAYS_OR_FOREVER = {
    "retention_in_days",
    "rule.expiration.days",
    "rule.lifecycle.delete_after",
    "rule.noncurrent_version_expiration.noncurrent_days",
}
_MUST_STAY_EQUAL = {
    "traffic_type": "ALL",  # of a flow log
    "versioning_configuration.status": "Enabled",
}
_LOGS = {"enabled_cloudwatch_logs_exports", "enabled_cluster_log_types"}
_LOG_TYPE = "log_delivery_configuration.log_type"
# The names of blocks in a list; other blocks are compared by position.
_NAMES = ("id", "rule_name", "log_type")

_Path = tuple[str, ...]


@dataclass(frozen=True)
class Weakened:
    """One protection that the plan takes away."""

    attribute: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.attribute}: {self.before} → {self.after}"

    @property
    def turns_off_deletion_protection(self) -> bool:
        """Whether a later plan could delete the resource."""
        return self.attribute in _MUST_STAY_ON


def weakened(change: Change) -> tuple[Weakened, ...]:
    """What a change in place takes away; a replacement is refused as a whole."""
    return tuple(_weakened(change)) if change.action is Action.UPDATE else ()


def _weakened(change: Change) -> Iterator[Weakened]:
    before, after = dict(_leaves(change.before)), dict(_leaves(change.after))
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        name = _dotted(path)
        if _is_weaker(name, old, new):
            yield Weakened(name, _shown(old), _shown(new))
    for name in sorted(_LOGS):
        yield from _lost(name, _elements(change.before, name), _elements(change.after, name))
    old_logs, new_logs = (
        {str(value) for path, value in leaves.items() if _dotted(path) == _LOG_TYPE}
        for leaves in (before, after)
    )
    yield from _lost(_LOG_TYPE, old_logs, new_logs)


def _is_weaker(name: str, old: object, new: object) -> bool:
    if name in _MUST_STAY_ON:
        return old is True and new is not True
    if name in _MUST_STAY_OFF:
        return new is True and old is not True
    if name in _DAYS:
        return isinstance(old, int) and isinstance(new, int) and new < old
    if name in _DAYS_OR_FOREVER:
        return _days(new) < _days(old)
    if name in _MUST_STAY_EQUAL:
        return old == _MUST_STAY_EQUAL[name] != new
    return False


def _days(value: object) -> float:
    return value if isinstance(value, int) and value > 0 else float("inf")


def _lost(name: str, old: set[str], new: set[str]) -> Iterator[Weakened]:
    if lost := sorted(old - new):
        yield Weakened(name, ", ".join(lost), "none")


def _elements(values: Mapping[str, object], name: str) -> set[str]:
    elements = values.get(name)
    return {str(element) for element in elements} if isinstance(elements, list) else set()


def _leaves(value: object, path: _Path = ()) -> Iterator[tuple[_Path, object]]:
    """Path → value; a part in brackets is the name or the position of a block."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _leaves(part, (*path, str(name)))
    elif isinstance(value, list):
        for position, part in enumerate(value):
            yield from _leaves(part, (*path, f"[{_name(part, position)}]"))
    else:
        yield path, value


def _dotted(path: _Path) -> str:
    return ".".join(part for part in path if not part.startswith("["))


def _name(block: object, position: int) -> str:
    names = [block[key] for key in _NAMES if key in block] if isinstance(block, dict) else []
    return str(names[0] if names else position)


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value).lower()
