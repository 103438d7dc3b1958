"""A plan's digest covers all changes, and nothing else in the plan."""

import json
from pathlib import Path

import pytest

from evalctl.plans.plan_file import Action, NotAPlanError, read
from tests.evalctl.plans.fake_terraform import Document, change, plan

TOPIC = "aws_sns_topic.news"


def digest(folder: Path, document: Document) -> str | None:
    file = folder / "plan.json"
    file.write_text(json.dumps(document))
    return read(file).digest


def updated(**values: object) -> Document:
    return change(TOPIC, "update", before={"name": "a", "tags": {"x": 1}}, after=values)


def test_a_plan_that_changes_nothing_has_no_digest(tmp_path: Path) -> None:
    read_only = change("data.aws_region.here", "read") | {"mode": "data"}
    assert digest(tmp_path, plan(change(TOPIC, "no-op"), read_only)) is None
    assert digest(tmp_path, plan(outputs={"url": {"actions": ["no-op"]}})) is None


def test_the_order_in_which_terraform_lists_changes_does_not_matter(tmp_path: Path) -> None:
    one, two = change(TOPIC, "create"), change("aws_sns_topic.more", "create")
    assert digest(tmp_path, plan(one, two)) == digest(tmp_path, plan(two, one))


@pytest.mark.parametrize(
    "other",
    [
        plan(updated(name="c", tags={"x": 1})),
        plan(updated(name="b", tags={"x": 2})),
        plan(change(TOPIC, "update", before={"name": "z"}, after={"name": "b", "tags": {"x": 1}})),
        plan(change(TOPIC, "delete", "create", before={"name": "a"}, after={"name": "b"})),
        plan(change("aws_sns_topic.other", "update", before={}, after={"name": "b"})),
        plan(updated(name="b", tags={"x": 1}), change("aws_kms_key.key", "delete")),
        plan(updated(name="b", tags={"x": 1}), outputs={"url": {"actions": ["create"]}}),
        plan(updated(name="b", tags={"x": 1}) | {"deposed": "00000001"}),
        plan(updated(name="b", tags={"x": 1}) | {"previous_address": "aws_sns_topic.old"}),
    ],
    ids=[
        *("value", "nested value", "from another value", "replacement", "another resource"),
        *("one more", "output", "deposed object", "moved"),
    ],
)
def test_a_plan_with_other_changes_has_another_digest(tmp_path: Path, other: Document) -> None:
    approved = digest(tmp_path, plan(updated(name="b", tags={"x": 1})))
    assert approved != digest(tmp_path, other)


def test_what_terraform_adds_to_explain_a_change_does_not_matter(tmp_path: Path) -> None:
    bare = updated(name="b", tags={"x": 1})
    explained = updated(name="b", tags={"x": 1}) | {"action_reason": "replace_because_tainted"}
    explained["change"]["after_sensitive"] = {"name": True}
    document = plan(explained) | {"timestamp": "2026-11-22T00:00:00Z"}
    assert digest(tmp_path, plan(bare)) == digest(tmp_path, document)


def test_a_resource_that_is_only_imported_or_moved_is_a_change(tmp_path: Path) -> None:
    imported = change(TOPIC, "no-op")
    imported["change"]["importing"] = {"id": "news"}
    moved = change("aws_sns_topic.new", "no-op") | {"previous_address": "aws_sns_topic.old"}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan(imported, moved)))
    assert [one.action for one in read(file).changes] == [Action.IMPORT, Action.MOVE]


def test_unknown_actions_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotAPlanError, match="unknown actions explode"):
        digest(tmp_path, plan(change(TOPIC, "explode")))


PLAN = {"format_version": "1.2", "planned_values": {}}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is not JSON"),
        (b"PK\x03\x04\x00\xff", "binary form. Write it as JSON, in the folder of its stack"),
        (b"\xff\x00\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a plan"),
        (b"{}", "is not a plan"),
        (PLAN | {"resource_changes": {}}, "resource_changes has another form"),
        (PLAN | {"resource_changes": None}, "resource_changes has another form"),
        (PLAN | {"resource_changes": ["a"]}, "resource_changes[0] has another form"),
        (PLAN | {"resource_changes": [{"address": 1}]}, "resource_changes[0].address has"),
        (plan({**change(TOPIC, "create"), "change": []}), "resource_changes[0].change has"),
        (plan({**change(TOPIC, "create"), "change": {"actions": "no-op"}}), "[0].change has"),
        (plan({**change(TOPIC, "create"), "change": {"actions": []}}), "[0].change has"),
        (PLAN | {"output_changes": []}, "output_changes has another form"),
        (PLAN | {"output_changes": {"url": None}}, "output_changes.url has another form"),
    ],
)
def test_a_file_of_another_form_is_refused(
    tmp_path: Path, content: bytes | Document, problem: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(NotAPlanError) as error:
        read(file)
    assert problem in str(error.value)
    assert "terraform show -json" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_folder_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    for file, problem in ((tmp_path, "Is a directory"), (tmp_path / "no.json", "No such file")):
        with pytest.raises(NotAPlanError, match=f"cannot be read: {problem}"):
            read(file)
