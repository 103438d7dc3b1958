"""Metrics: each name in a rule, a panel or the adapter is in the telemetry contract, or recorded."""

import re
from collections.abc import Iterator
from functools import cache

from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import chart_values, name_of, objects
from evalctl.parsed.node import Node
from telemetry.contract import METRICS

# Grafana's variables are in the place of a duration.
_DURATION = re.compile(r"\$__(?:rate_interval|range|interval)")


@check(
    title="Each metric in a query is in the telemetry contract, or recorded by a rule",
    rests_on="PrometheusRules, panels of boards, rules of prometheus-adapter; telemetry/contract.py",
)
def metric_names(subject: Subject) -> Iterator[Finding]:
    known = {series for metric in METRICS for series in metric.series}
    rules = [rule for rules in objects(subject.env, "PrometheusRule") for rule in _rules(rules)]
    known |= {rule["record"].text() for rule in rules if rule["record"].present}
    seen: set[tuple[str, str]] = set()
    for query in (*(rule["expr"] for rule in rules), *_panels(subject), *_adapters(subject)):
        if (query.source.file, query.text()) in seen:
            continue
        seen.add((query.source.file, query.text()))
        try:
            names = metrics_in(query.text())
        except ValueError as error:
            yield Finding(query, f"this is no query: {error}")
            continue
        unknown = sorted(names - known)
        yield require(query, not unknown, f"no emitter has {', '.join(unknown)}")


@cache  # boards of all environments have the same queries
def metrics_in(query: str) -> frozenset[str]:
    """The names of the metrics that a query reads.

    Raises:
        ValueError: it is not PromQL.
    """
    import promql_parser  # a tool of tests: a render, which lists the checks, must work without it

    found: set[str] = set()

    def visit(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector) and node.name:
            found.add(node.name)

    promql_parser.walk(promql_parser.parse(_DURATION.sub("5m", query)), visit)
    return frozenset(found)


def _rules(document: Node) -> Iterator[Node]:
    for group in document.at("spec", "groups").items():
        yield from group["rules"].items()


def _panels(subject: Subject) -> Iterator[Node]:
    """The Prometheus queries of the boards."""
    for config in objects(subject.env, "ConfigMap"):
        if name_of(config).startswith("board-"):
            for _, text in config["data"].entries():
                for node in text.document().walk():
                    if node.path[-1:] == ("expr",):
                        yield node


def _adapters(subject: Subject) -> Iterator[Node]:
    for application, values in chart_values(subject.env):
        if application.at("spec", "source", "chart").value == "prometheus-adapter":
            for rule in values.at("rules", "external").items():
                yield rule["seriesQuery"]
                yield rule["metricsQuery"]
