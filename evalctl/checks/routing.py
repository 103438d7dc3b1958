"""The way of an alert: from its rule, through Alertmanager's routes, to the receiver and its secret."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.kubernetes import name_of, objects
from evalctl.parsed.node import Node, UnusableError

_FILES = "/etc/alertmanager/config/"  # where the operator mounts the Secret
_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*"?(.*?)"?\s*')
_NOTIFIES = re.compile(r"\w+_configs")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Alert:
    """An alerting rule."""

    rule: Node

    @property
    def name(self) -> str:
        return self.rule["alert"].text()

    @property
    def labels(self) -> dict[str, str]:
        return {"alertname": self.name} | self.rule["labels"].labels()

    @property
    def must_notify(self) -> bool:
        return self.labels.get("severity") in ("critical", "warning")


@dataclass(frozen=True)
class Routing:
    """Alertmanager's configuration, inside the ExternalSecret that makes it."""

    secret: Node
    document: Node

    def route_of(self, alert: Alert) -> Node:
        """The deepest route that the alert takes."""
        route = self.document["route"]
        while True:
            taken = [each for each in route["routes"].items() if _takes(each, alert.labels)]
            if not taken:
                return route
            route = taken[0]

    def receiver(self, route: Node) -> Node | None:
        """The receiver that a route names."""
        wanted = route["receiver"].text()
        for receiver in self.document["receivers"].items():
            if receiver["name"].value == wanted:
                return receiver
        return None

    def entry(self, file: Node) -> Node | None:
        """The entry in Secrets Manager whose value a file of the Secret holds."""
        key = file.text().removeprefix(_FILES)
        template = self.secret.at("spec", "target", "template", "data", key)
        for datum in self.secret.at("spec", "data").items():
            if re.fullmatch(
                rf"\{{\{{ *\.{re.escape(datum['secretKey'].text())} *\}}\}}", template.text_or("")
            ):
                return datum.at("remoteRef", "key")
        return None


def notifications(receiver: Node) -> list[Node]:
    """The receiver's ways of notifying people or programs."""
    return [
        config
        for key, configs in receiver.entries()
        if _NOTIFIES.fullmatch(key)
        for config in configs.items()
    ]


def alerts(env: RenderedEnvironment) -> Iterator[Alert]:
    for rules in objects(env, "PrometheusRule"):
        for group in rules.at("spec", "groups").items():
            for rule in group["rules"].items():
                if rule["alert"].present:
                    yield Alert(rule)


def routing(env: RenderedEnvironment) -> Routing:
    """Alertmanager's configuration.

    Raises:
        UnusableError: no manifest has it.
    """
    for secret in objects(env, "ExternalSecret"):
        if name_of(secret) == "alertmanager-config":
            text = secret.at("spec", "target", "template", "data", "alertmanager.yaml")
            return Routing(secret, text.document())
    raise UnusableError(env.place("dashboards"), "no ExternalSecret alertmanager-config is here")


def seconds(duration: Node) -> float:
    """A duration of Prometheus in seconds; a missing one is none.

    Raises:
        UnusableError: it is not a duration.
    """
    text = duration.text_or("0s")
    parts = re.findall(r"(\d+)([smhd])", text)
    if "".join(map("".join, parts)) != text:
        raise UnusableError(duration, "this must be a duration, as in 5m")
    return float(sum(int(number) * _UNITS[unit] for number, unit in parts))


def _takes(route: Node, labels: dict[str, str]) -> bool:
    return all(_matches(matcher, labels) for matcher in route["matchers"].items())


def _matches(matcher: Node, labels: dict[str, str]) -> bool:
    match = _MATCHER.fullmatch(matcher.text())
    if match is None:
        raise UnusableError(matcher, 'this must be a matcher, as in severity="critical"')
    name, operator, value = match.groups()
    found = labels.get(name, "")
    try:
        equal = re.fullmatch(value, found) is not None if "~" in operator else value == found
    except re.error:
        raise UnusableError(matcher, "this must hold a regular expression") from None
    return equal is (operator[0] == "=")
