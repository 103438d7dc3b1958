"""Values know their line, also inside another document, and pods of every kind of owner are found."""

from datetime import date
from pathlib import Path

import pytest

from evalctl.checks.check import Subject
from evalctl.checks.golive.pods import requests_and_limits
from evalctl.parsed.environment import RenderedEnvironment
from evalctl.parsed.kubernetes import pods
from evalctl.parsed.node import UnusableError

OUTER = """\
kind: ConfigMap
metadata:
  name: outer
data:
  inner.yaml: |
    first: 1
    list:
    - a: 2
  json: '{"deep": {"value": true}}'
"""
CRON_JOB = """\
kind: CronJob
metadata:
  name: drill
  namespace: eval-platform
spec:
  jobTemplate:
    spec:
      template:
        spec:
          containers:
          - name: drill
            image: drill
"""


def environment(**files: str) -> RenderedEnvironment:
    texts = {f"k8s/app/{name}.yaml": text for name, text in files.items()}
    return RenderedEnvironment("qa", texts, Path(), "rendered/qa")


def test_a_value_in_an_inner_document_has_the_line_of_the_file() -> None:
    data = environment(outer=OUTER).file("k8s/app/outer.yaml")["data"]
    inner = data["inner.yaml"].document().at("list", 0, "a")
    assert inner.location == "rendered/qa/k8s/app/outer.yaml:8"
    assert inner.shown_path == "data.inner.yaml.list[0].a"
    assert data["json"].document().at("deep", "value").location.endswith("outer.yaml:9")


def test_a_missing_value_has_the_line_of_what_would_hold_it() -> None:
    metadata = environment(outer=OUTER).file("k8s/app/outer.yaml")["metadata"]
    assert metadata["labels"].location == "rendered/qa/k8s/app/outer.yaml:2"
    assert metadata["labels"].shown_value == "missing"


@pytest.mark.parametrize("read", ["items", "entries", "text", "number", "flag", "document"])
def test_a_value_of_another_type_is_unusable(read: str) -> None:
    node = environment(outer="a: [[1], {b: 2}]\nb: maybe").file("k8s/app/outer.yaml")
    wrong = node["b"] if read in ("items", "entries", "number", "flag") else node["a"]
    with pytest.raises(UnusableError):
        getattr(wrong, read)()


def test_the_pods_of_a_schedule_are_checked_like_all_others() -> None:
    env = environment(drill=CRON_JOB)
    assert [owner.name for owner in pods(env)] == ["drill"]
    problems = [each for each in requests_and_limits.run(Subject(env, date.max)) if each.problem]
    assert len(problems) == 4


def test_changed_texts_are_parsed_and_others_are_kept() -> None:
    env = environment(a="x: 1", b="x: 2")
    kept = env.file("k8s/app/b.yaml")
    changed = env.with_texts({"k8s/app/a.yaml": "x: 3"})
    assert changed.file("k8s/app/a.yaml")["x"].value == 3
    assert changed.file("k8s/app/b.yaml") is not None
    assert changed.file("k8s/app/b.yaml").value is kept.value
