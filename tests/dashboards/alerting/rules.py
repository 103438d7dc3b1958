"""The rendered rules as Prometheus gets them from its operator."""

from collections.abc import Iterable, Iterator, Mapping
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
    """A file for Prometheus or promtool; with `only`, just that alert and the recording rules that it reads."""
    selected = groups(manifests)
    if only is not None:
        recorded = {
            rule["record"]: rule
            for group in selected
            for rule in group["rules"]
            if "record" in rule
        }
        read = _read_by([alert_rule(manifests, only)], recorded)
        for group in selected:
            group["rules"] = [
                rule
                for rule in group["rules"]
                if rule.get("alert") == only or rule.get("record") in read
            ]
    file = folder / "rules.yaml"
    text = yaml.dump(
        {"groups": [group for group in selected if group["rules"]]}, Dumper=yaml.CSafeDumper
    )
    file.write_text(text)
    return file


def _read_by(rules: Iterable[Rule], recorded: Mapping[str, Rule]) -> set[str]:
    """The names of the recording rules that these rules read, and those that these read in turn."""
    names = {name for rule in rules for name in recorded if name in rule["expr"]}
    return names and names | _read_by([recorded[name] for name in names], recorded)
