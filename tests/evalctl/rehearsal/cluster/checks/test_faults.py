"""What a check reads of an Application that Argo CD cannot sync."""

import re

import pytest

from environments.names import NAMESPACE, Addon, App, Names
from environments.spec import Environment
from evalctl.rehearsal.cluster.checks.faults import BAD_MERGES, BadMerge, failures, replaced
from tests.support.each_environment import EACH_ENVIRONMENT
from tests.support.paths import ROOT


def test_a_settled_application_reports_nothing() -> None:
    resource = {"kind": "Service", "name": "web", "status": "Synced", "hookPhase": "Running"}
    status = {"operationState": {"syncResult": {"resources": [resource]}}}
    assert list(failures({"status": status})) == []


def test_the_message_of_a_condition_is_reported() -> None:
    condition = {"type": "ComparisonError", "message": "Service/web: port is invalid"}
    found = failures({"status": {"conditions": [condition]}})
    assert list(found) == ["Service/web: port is invalid"]


def test_a_failed_hook_is_named() -> None:
    job = {"kind": "Job", "name": "schema", "hookPhase": "Failed", "message": "deadline exceeded"}
    status = {"operationState": {"syncResult": {"resources": [job]}}}
    assert list(failures({"status": status})) == ["Job/schema: deadline exceeded"]


def test_an_object_that_the_api_refused_is_named() -> None:
    service = {"kind": "Service", "name": "web", "status": "SyncFailed", "message": "invalid"}
    status = {"operationState": {"syncResult": {"resources": [service]}}}
    assert list(failures({"status": status})) == ["Service/web: invalid"]


def test_an_application_without_a_status_reports_nothing() -> None:
    assert list(failures({})) == []


@EACH_ENVIRONMENT
@pytest.mark.parametrize("bad", BAD_MERGES, ids=lambda bad: bad.what)
def test_each_bad_merge_changes_a_rendered_file(env: Environment, bad: BadMerge) -> None:
    names = Names(env)
    text = (ROOT / names.app_folder(bad.app) / bad.file).read_text(encoding="utf-8")
    assert re.sub(bad.old, bad.new, text, count=1) != text
    assert bad.also is None or (ROOT / names.app_folder(bad.app) / bad.also).is_file()


@EACH_ENVIRONMENT
def test_what_waits_for_a_person_is_rendered(env: Environment) -> None:
    names = Names(env)
    namespace = ROOT / names.app_folder(App.NAMESPACE) / f"Namespace-{NAMESPACE}.yaml"
    stack = names.application(Addon.PROMETHEUS_STACK)
    application = ROOT / names.argocd_folder / f"Application-{stack}.yaml"
    for path in (namespace, application):
        assert "Prune=confirm" in path.read_text(encoding="utf-8")


def test_what_is_gone_or_made_anew_is_named() -> None:
    before = {"Pod a/kept": "1", "Pod a/new": "2", "Node lost": "3"}
    found = replaced(before, {"Pod a/kept": "1", "Pod a/new": "9"})
    assert found == ["Pod a/new is another one", "Node lost is gone"]
