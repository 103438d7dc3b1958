"""Every Prometheus query in this repository, and the metrics and labels that it uses."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import promql_parser
from promql_parser import AggModifierType, AggregateExpr, VectorSelector

from dashboards.boards.recording_rules import recording_rules
from dashboards.observable import Board, Promql
from tests.support.manifests import Manifest, all_of

# Grafana's variables are in the place of a duration, or inside a string.
_DURATION = re.compile(r"\$__(?:rate_interval|range|interval)")


@dataclass(frozen=True, kw_only=True)
class Query:
    """A query, and where to find it."""

    place: str
    expr: str

    def _tree(self) -> promql_parser.Expr:
        return promql_parser.parse(_DURATION.sub("5m", self.expr))

    def selectors(self) -> list[VectorSelector]:
        """The metrics that it reads, with their label matchers."""
        found: list[VectorSelector] = []

        def visit(node: object) -> None:
            if isinstance(node, VectorSelector):
                found.append(node)

        promql_parser.walk(self._tree(), visit)
        return found

    def grouped_by(self) -> set[str]:
        """The labels of the result."""
        found: set[str] = set()

        def visit(node: object) -> None:
            if isinstance(node, AggregateExpr) and node.modifier:
                assert node.modifier.type == AggModifierType.By, self.place
                found.update(node.modifier.labels)

        promql_parser.walk(self._tree(), visit)
        return found


def panels(boards: Iterable[Board]) -> Iterator[Query]:
    for board in boards:
        for observable in board.observables:
            for query in observable.queries:
                if isinstance(query, Promql):
                    yield Query(place=f"panel {board.uid}/{observable.id}", expr=query.expr)


def alerts(boards: Iterable[Board]) -> Iterator[Query]:
    for board in boards:
        for observable in board.observables:
            for alert in observable.alerts:
                yield Query(place=f"alert {alert.name}", expr=alert.expr)


def records() -> Iterator[Query]:
    for rule in recording_rules():
        yield Query(place=f"recording rule {rule.name}", expr=rule.expr)


def adapter(argocd: Iterable[Manifest]) -> Iterator[Query]:
    """The queries of prometheus-adapter for an autoscaler."""
    for application in all_of(argocd, "Application"):
        source = application["spec"]["source"]
        if source.get("chart") != "prometheus-adapter":
            continue
        for kind, rules in source["helm"]["valuesObject"]["rules"].items():
            for rule in rules if isinstance(rules, list) else ():
                place = f"prometheus-adapter's {kind} rule {rule['name']['as']}"
                yield Query(place=place, expr=rule["seriesQuery"])
                yield Query(place=place, expr=rule["metricsQuery"])
