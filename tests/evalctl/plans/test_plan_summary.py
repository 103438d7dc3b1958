"""The summary of plans that people read before they approve."""

import json
from pathlib import Path

from evalctl.plans.plan_file import Plan, read
from evalctl.plans.plan_summary import Failed, summary
from tests.evalctl.plans.fake_terraform import Document, change, plan

BY_PEOPLE = frozenset({"state", "delivery"})


def read_back(folder: Path, document: Document) -> Plan:
    file = folder / "plan.json"
    file.write_text(json.dumps(document))
    return read(file)


def test_changes_are_named_and_counted_with_the_most_dangerous_first(tmp_path: Path) -> None:
    database = read_back(
        tmp_path,
        plan(
            change("aws_kms_key.new", "create", after={"description": "a"}),
            change("aws_db_instance.instance", "delete", before={"name": "a"}),
            change(
                "aws_iam_role.role",
                "update",
                before={"name": "a", "path": "/"},
                after={"name": "a", "path": "/x/"},
                after_unknown={"arn": True},
            ),
            outputs={"address": {"actions": ["update"]}},
        ),
    )
    text = summary(
        "prod", {"network": read_back(tmp_path, plan()), "database": database}, by_people=BY_PEOPLE
    )
    assert "| database | 1 | 1 |  | 1 | outputs: 1 |" in text
    assert (
        "- aws_db_instance.instance\n~ aws_iam_role.role: arn, path\n+ aws_kms_key.new\no output.address"
        in text
    )
    assert "> [!CAUTION]" in text
    assert "> - `database`: `aws_db_instance.instance`, a database" in text
    assert "Unchanged: network." in text


def test_values_are_not_shown(tmp_path: Path) -> None:
    secret = "correct horse"
    changed = change("aws_x.y", "update", before={"password": "old"}, after={"password": secret})
    text = summary("dev", {"queue": read_back(tmp_path, plan(changed))}, by_people=BY_PEOPLE)
    assert "~ aws_x.y: password" in text
    assert secret not in text


def test_a_summary_without_changes_is_one_line(tmp_path: Path) -> None:
    text = summary("dev", {"queue": read_back(tmp_path, plan())}, by_people=BY_PEOPLE)
    assert text.splitlines()[0] == "### dev: nothing to change"


def test_a_plan_that_failed_is_shown_with_terraforms_output() -> None:
    text = summary("dev", {"queue": Failed("Error: ```no```")}, by_people=BY_PEOPLE)
    assert "**cannot be planned**" in text
    assert "`````text\nError: ```no```\n`````" in text


def test_a_stack_that_a_person_must_apply_is_marked(tmp_path: Path) -> None:
    text = summary(
        "dev",
        {"delivery": read_back(tmp_path, plan(change("aws_iam_role.a", "create")))},
        by_people=BY_PEOPLE,
    )
    assert "No pipeline may change `delivery`" in text


def test_a_long_summary_leaves_out_whole_stacks_and_names_them(tmp_path: Path) -> None:
    many = read_back(tmp_path, plan(*(change(f"aws_x.{n:03}", "create") for n in range(50))))
    plans = {f"stack-{n}": many for n in range(20)}
    text = summary("dev", plans, by_people=BY_PEOPLE, limit=6000)
    assert len(text) <= 6000
    assert text.count("<details>") == text.count("</details>") > 0
    assert "Left out for their length: stack-" in text
