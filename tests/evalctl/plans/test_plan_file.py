"""What a plan's digest stands for: everything that would be done, and nothing that is told beside it."""

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
def test_whatever_else_would_be_done_has_another_digest(tmp_path: Path, other: Document) -> None:
    approved = digest(tmp_path, plan(updated(name="b", tags={"x": 1})))
    assert approved != digest(tmp_path, other)


def test_what_is_told_beside_a_change_does_not_matter(tmp_path: Path) -> None:
    bare = updated(name="b", tags={"x": 1})
    told = updated(name="b", tags={"x": 1}) | {"action_reason": "replace_because_tainted"}
    told["change"]["after_sensitive"] = {"name": True}
    document = plan(told) | {"timestamp": "2026-11-22T00:00:00Z"}
    assert digest(tmp_path, plan(bare)) == digest(tmp_path, document)


def test_a_resource_that_is_only_imported_or_moved_is_a_change(tmp_path: Path) -> None:
    imported = change(TOPIC, "no-op")
    imported["change"]["importing"] = {"id": "news"}
    moved = change("aws_sns_topic.new", "no-op") | {"previous_address": "aws_sns_topic.old"}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan(imported, moved)))
    assert [one.action for one in read(file).changes] == [Action.IMPORT, Action.MOVE]


def test_actions_of_a_later_terraform_are_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(NotAPlanError, match="unknown actions explode"):
        digest(tmp_path, plan(change(TOPIC, "explode")))
