"""Autoscaling: the target, the metric, the adapter's rule, the exporter, and the queue's key."""

import re
from collections.abc import Iterator

from evalctl.checks.check import Finding, Subject, check, require
from evalctl.parsed.kubernetes import called, chart_values, namespace_of, objects
from evalctl.parsed.node import Node

_KEY = re.compile(r'redis_key_size\{key="([^"]+)"\}')


@check(
    title="The autoscaler's target exists, and its metric leads to the queue that programs use",
    rests_on="HorizontalPodAutoscaler; rules of prometheus-adapter; keys of the redis exporter; REDIS_QUEUE_KEY",
)
def autoscaling_metric(subject: Subject) -> Iterator[Finding]:
    env = subject.env
    rules = {
        rule.at("name", "as").key: rule
        for rule in _values(subject, "prometheus-adapter").at("rules", "external").items()
    }
    for scaler in objects(env, "HorizontalPodAutoscaler"):
        reference = scaler.at("spec", "scaleTargetRef")
        owner = called(
            env,
            reference["kind"].text(),
            reference["name"].text(),
            namespace=namespace_of(scaler),
        )
        other = owner["metadata"]["name"] if owner is not None else None
        yield require(reference["name"], owner is not None, "there is no such target", other=other)
        for metric in scaler.at("spec", "metrics").items():
            if metric["type"].value == "External":
                name = metric.at("external", "metric", "name")
                rule = rules.get(name.key)
                other = rule.at("name", "as") if rule is not None else None
                yield require(
                    name, rule is not None, "no rule of the adapter makes it", other=other
                )
    exported = _values(subject, "prometheus-redis-exporter").at("extraArgs", "check-single-keys")
    for rule in rules.values():
        for query in (rule["seriesQuery"], rule["metricsQuery"]):
            for key in _KEY.findall(query.text()):
                known = key in [each.partition("=")[2] for each in exported.text_or("").split(",")]
                yield require(
                    query, known, "the exporter does not measure this key", other=exported
                )
    for config in objects(env, "ConfigMap"):
        key = config.at("data", "REDIS_QUEUE_KEY")
        if key.present:
            same = exported.text_or("").partition("=")[2] == key.value
            yield require(key, same, "the exporter measures another key", other=exported)


def _values(subject: Subject, chart: str) -> Node:
    for application, values in chart_values(subject.env):
        if application.at("spec", "source", "chart").value == chart:
            return values
    return subject.env.place("argocd")
