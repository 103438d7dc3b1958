"""What a check reads of an Application that Argo CD cannot sync."""

from evalctl.rehearsal.cluster.checks.faults import failures


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
