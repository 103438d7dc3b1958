"""The output of a rehearsal: progress, tables, JSON."""

import json
from io import StringIO

import httpx2
import pytest
from lightkube.core.exceptions import ApiError
from rich.console import Console

from environments.dev import DEV
from environments.names import Stack
from evalctl.processes import CommandFailedError
from evalctl.rehearsal.cluster.result import result
from evalctl.rehearsal.report import FAILURES, Report, messages

PODS = httpx2.Request("GET", "https://127.0.0.1:6443/api/v1/pods")


def report() -> tuple[Report, StringIO]:
    text = StringIO()
    return Report(Console(file=text, width=120)), text


def test_a_check_is_printed_at_once_with_its_evidence() -> None:
    found, text = report()
    found.result(result("nothing flaps", [], "20 Applications"))
    found.result(result("every pod runs", ["apps/one: [not] scheduled"], ""))
    assert text.getvalue().splitlines() == [
        "     0 s  passed  nothing flaps: 20 Applications",
        "     0 s  FAILED  every pod runs: apps/one: [not] scheduled",
    ]


def test_the_failed_checks_are_counted() -> None:
    found, _ = report()
    assert found.failed == []
    found.result(result("first", [], "fine"))
    found.result(result("second", ["broken", "broken", "torn"], ""))
    assert [(each.check, each.evidence) for each in found.failed] == [("second", "broken\ntorn")]


def test_the_json_holds_checks_and_times() -> None:
    found, _ = report()
    found.stack("apply", Stack.QUEUE, 95.96)
    found.stack("plan", Stack.QUEUE, 20.0)
    found.result(result("nothing flaps", [], "20 Applications"))
    passed = json.loads(found.json(DEV))
    assert passed.pop("seconds") >= passed["checks"][0].pop("ended_after_seconds") >= 0
    assert passed == {
        "environment": DEV.name,
        "passed": True,
        "errors": [],
        "checks": [{"check": "nothing flaps", "passed": True, "evidence": "20 Applications"}],
        "stacks": {"queue": {"apply": 96.0, "plan": 20.0}},
    }
    found.result(result("every pod runs", ["apps/one"], ""))
    assert json.loads(found.json(DEV))["passed"] is False


def test_the_json_of_a_rehearsal_that_ended_early_holds_the_reason() -> None:
    found, _ = report()
    found.result(result("nothing flaps", [], "20 Applications"))
    found.errors = ["queue: terraform apply failed"]
    ended = json.loads(found.json(DEV))
    assert (ended["passed"], ended["errors"]) == (False, ["queue: terraform apply failed"])


def test_an_interrupted_rehearsal_has_not_passed() -> None:
    found, _ = report()
    found.result(result("nothing flaps", [], "20 Applications"))
    found.interrupted()
    ended = json.loads(found.json(DEV))
    assert ended["passed"] is False
    assert ended["errors"] == ["The rehearsal was interrupted before its end."]


@pytest.mark.parametrize("problems", [[], ["apps/one"]])
def test_the_end_of_a_kept_cluster_changes_nothing_about_its_checks(problems: list[str]) -> None:
    found, _ = report()
    found.result(result("every pod runs", problems, ""))
    found.kept = True
    found.interrupted()
    ended = json.loads(found.json(DEV))
    assert (ended["passed"], ended["errors"]) == (not problems, [])


def test_the_tables_have_each_check_and_each_stack() -> None:
    found, text = report()
    found.stack("apply", Stack.STATE, 86.4)
    found.stack("destroy", Stack.STATE, 20.1)
    found.result(result("nothing flaps", [], "20 Applications"))
    found.result(result("every pod runs", ["apps/one"], ""))
    text.truncate(0)
    text.seek(0)
    found.print_tables(DEV)
    rows = {tuple(line.replace("│", " ").split()) for line in text.getvalue().splitlines()}
    assert ("nothing", "flaps", "passed", "20", "Applications") in rows
    assert ("every", "pod", "runs", "FAILED", "apps/one") in rows
    assert ("state", "86", "20") in rows
    assert ("queue",) in rows  # it was not reached


def test_a_rehearsal_of_one_half_prints_no_empty_table() -> None:
    found, text = report()
    found.print_tables(DEV)
    assert text.getvalue() == ""
    found.result(result("nothing flaps", [], "20 Applications"))
    found.print_tables(DEV)
    assert "dev, checks" in text.getvalue()
    assert "seconds" not in text.getvalue()


def test_what_differs_from_production_is_marked() -> None:
    found, text = report()
    found.note("nodes: by evalctl")
    assert text.getvalue() == "  instead of production: nodes: by evalctl\n"


def test_each_message_of_a_group_is_listed_once() -> None:
    inner = ExceptionGroup("stacks", [ValueError("no bucket"), ValueError("no bucket")])
    assert messages(ExceptionGroup("all", [inner, ValueError("no key")])) == ["no bucket", "no key"]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            CommandFailedError(("kubectl", "get", "pods"), "no answer in 60 seconds"),
            "`kubectl get pods` failed: no answer in 60 seconds",
        ),
        (
            httpx2.ReadTimeout("", request=PODS),
            "GET https://127.0.0.1:6443/api/v1/pods failed: ReadTimeout",
        ),
        (
            ApiError(
                request=PODS,
                response=httpx2.Response(403, json={"message": "pods is forbidden"}),
            ),
            "GET https://127.0.0.1:6443/api/v1/pods failed: pods is forbidden",
        ),
        (httpx2.ConnectError("All connection attempts failed"), "All connection attempts failed"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_failure_of_the_cluster_is_a_message_that_names_what_failed(
    error: Exception, message: str
) -> None:
    assert isinstance(error, FAILURES)
    assert messages(error) == [message]


def test_a_mistake_in_the_program_is_no_failure_of_the_rehearsal() -> None:
    assert not isinstance(KeyError("name"), FAILURES)
