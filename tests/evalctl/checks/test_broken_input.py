"""A broken file gives findings with its name and line, and never an exception."""

import json
import random
from datetime import date

import pytest
import yaml

from evalctl.checks.check import Subject
from evalctl.checks.registry import GO_LIVE, WIRING
from evalctl.checks.wiring.files import files
from evalctl.parsed.environment import RenderedEnvironment
from tests.evalctl.checks.mutations import HEALTH, INGRESS, SCALER, WORKER, stack

TODAY = date(2026, 11, 28)
WRONG: tuple[object, ...] = (
    None,
    3,
    "x",
    True,
    [],
    {},
    [1],
    {"a": 1},
    [[]],
    ["x", None],
    "{",
    "{{",
)


def problems(env: RenderedEnvironment) -> list[str]:
    """Of all checks; raises what a check raises."""
    return [
        str(finding)
        for check in (*GO_LIVE, *WIRING)
        for finding in check.run(Subject(env, TODAY))
        if finding.problem
    ]


@pytest.mark.parametrize(
    ("file", "line", "text"),
    [
        (WORKER, 4, "apiVersion: apps/v1\nkind: Deployment\nmetadata: [\n"),
        (WORKER, 1, "- a list\n"),
        (WORKER, 1, "a: 1\n---\nb: 2\n"),
        (WORKER, 1, "a: \x07\n"),
        (WORKER, 1, ""),
        (WORKER, 2, "a: &a\n  - *b\n"),
        (stack("queue"), 3, '{\n  "resource": {\n    x\n  }\n}\n'),
        (stack("queue"), 1, "[]"),
        (WORKER, 3, "a: 1\nb: 2\na: 3\n"),
        (WORKER, 2, "a: {}\nb: {c: 1, c: 2}\n"),
        (WORKER, 2, "a: &a [x]\nb: [*a, *a]\n"),
        (WORKER, 2, "a: 1\nb: " + "[" * 200_000),
        (WORKER, 1, "- " * 200 + "a"),
        (stack("queue"), 2, '{"resource": {},\n"resource": {}}'),
        (stack("queue"), 1, "[" * 200_000),
        (stack("queue"), 2, '{\n"a": ' + '{"a": ' * 300 + "1" + "}" * 301),
        (stack("queue"), 1, '{"resource": NaN}'),
        (stack("queue"), 1, '{"resource": {"aws_iam_role": {"\\ud800": {}}}}'),
        (stack("queue"), 1, '{"resource": {}}'),
        (stack("queue"), 1, '{"resource": 3}'),
        (stack("queue"), 1, '{"resource": {"aws_elasticache_replication_group": {}}}'),
        (stack("queue"), 1, '{"resource": {"aws_iam_role": {"role": []}}}'),
    ],
)
def test_a_file_that_cannot_be_parsed_is_a_finding(
    prod: RenderedEnvironment, file: str, line: int, text: str
) -> None:
    broken = prod.with_texts({file: text})
    assert any(f"rendered/prod/{file}:{line}: " in each for each in problems(broken))


def test_a_value_of_a_wrong_type_is_a_finding_with_its_line(prod: RenderedEnvironment) -> None:
    text = prod.texts[SCALER].replace("  maxReplicas: 20", "  maxReplicas: many")
    line = text.splitlines().index("  maxReplicas: many") + 1
    found = problems(prod.with_texts({SCALER: text}))
    assert any(
        f"rendered/prod/{SCALER}:{line}: spec.maxReplicas = many: this must be a number" in each
        for each in found
    )


@pytest.mark.parametrize("size", ["9" * 4000, ".inf", ".nan", "1.2.3", "'1.2.3m'", "-1"])
def test_a_size_that_is_no_number_is_a_finding(prod: RenderedEnvironment, size: str) -> None:
    text = prod.texts[WORKER].replace("cpu: ", f"cpu: {size} # ", 1)
    line = text.splitlines().index(next(e for e in text.splitlines() if " # " in e)) + 1
    assert any(f"{WORKER}:{line}: " in each for each in problems(prod.with_texts({WORKER: text})))


def test_a_document_in_a_text_has_the_line_in_the_file(prod: RenderedEnvironment) -> None:
    file = "dashboards/ExternalSecret-alertmanager-config.yaml"
    text = prod.texts[file].replace("- severity=~", "- severity ~ ", 1)
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "severity ~ " in each)
    assert any(f"{file}:{line}: " in each for each in problems(prod.with_texts({file: text})))


def test_each_file_can_be_missing(prod: RenderedEnvironment) -> None:
    before = set(problems(prod))
    for file in (WORKER, SCALER, INGRESS, HEALTH, stack("network"), stack("cluster")):
        assert set(problems(prod.with_texts({file: None}))) - before, file


def test_an_empty_environment_passes_no_check(prod: RenderedEnvironment) -> None:
    empty = prod.with_texts(dict.fromkeys(prod.texts))
    for check in (*GO_LIVE, *WIRING):
        assert any(finding.problem for finding in check.run(Subject(empty, TODAY))), check.name


def test_a_document_that_contains_itself_is_a_finding(prod: RenderedEnvironment) -> None:
    file = "argocd/Application-ai-eval-platform-prod-metrics-server.yaml"
    text = prod.texts[file].replace("valuesObject:", "valuesObject: &all\n        again: *all", 1)
    assert any("contains itself" in each for each in problems(prod.with_texts({file: text})))


def test_wrong_types_anywhere_raise_nothing(prod: RenderedEnvironment) -> None:
    chance = random.Random(17)
    places = [
        (file, path)
        for file, text in prod.texts.items()
        if file.endswith((".yaml", ".json")) and "board" not in file
        for path in _paths(_parsed(file, text))
    ]
    for file, path in chance.sample(places, 40):
        document = _parsed(file, prod.texts[file])
        place = document
        for step in path[:-1]:
            place = place[step]  # type: ignore[index]
        place[path[-1]] = chance.choice(WRONG)  # type: ignore[index]
        problems(prod.with_texts({file: json.dumps(document)}))  # JSON is YAML, too


def test_bytes_that_are_no_text_are_a_finding(prod: RenderedEnvironment) -> None:
    broken = prod.with_texts({WORKER: b"\xff\xfe\x00".decode("utf-8", "replace")})
    assert any(each.problem for each in files.run(Subject(broken, TODAY)))


def _parsed(file: str, text: str) -> object:
    return json.loads(text) if file.endswith(".json") else yaml.load(text, yaml.CSafeLoader)


def _paths(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, below in value.items():
            found += _paths(below, (*path, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            found += _paths(below, (*path, index))
    return found
