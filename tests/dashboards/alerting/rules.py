"""The rendered rules as Prometheus gets them from its operator."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.support.manifests import Manifest, all_of

Rule = dict[str, Any]


def groups(manifests: Iterable[Manifest]) -> list[dict[str, Any]]:
    """Every rule group; recording rules first, because alerts read their results."""
    found = [
        dict(group)
        for manifest in all_of(manifests, "PrometheusRule")
        for group in manifest["spec"]["groups"]
    ]
    return sorted(found, key=lambda group: (group["name"] != "recording-rules", group["name"]))


def alert_rules(manifests: Iterable[Manifest]) -> Iterator[Rule]:
    for group in groups(manifests):
        yield from (rule for rule in group["rules"] if "alert" in rule)


def alert_rule(manifests: Iterable[Manifest], name: str) -> Rule:
    (found,) = (rule for rule in alert_rules(manifests) if rule["alert"] == name)
    return found


def rule_file(manifests: Iterable[Manifest], folder: Path, *, only: str | None = None) -> Path:
    """A file for Prometheus or promtool; with `only`, just that alert and the recording rules."""
    selected = groups(manifests)
    if only is not None:
        for group in selected:
            group["rules"] = [rule for rule in group["rules"] if rule.get("alert") in (None, only)]
    file = folder / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [group for group in selected if group["rules"]]}))
    return file
