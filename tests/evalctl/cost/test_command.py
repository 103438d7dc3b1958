"""The command `evalctl cost`, in a small repository with two commits."""

import json
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from environments.names import Stack
from evalctl import checkout as evalctl_checkout
from evalctl.main import app
from tests.evalctl.cost.conftest import Checkout


@pytest.fixture
def repository(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """The copy as a git repository, around the current folder."""
    for command in (
        ("init", "--quiet"),
        ("add", "rendered"),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first"),
    ):
        subprocess.run(("git", *command), cwd=checkout.root, check=True)
    monkeypatch.setattr(evalctl_checkout, "root", lambda: checkout.root)
    return checkout


def cost(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["cost", *arguments])


def larger_volumes(resources: dict[str, Any]) -> None:
    for volume in resources["aws_ebs_volume"].values():
        volume["size"] += 100


def test_it_prints_services_stacks_evaluations_and_what_is_estimated(repository: Checkout) -> None:
    result = cost("prod")
    assert result.exit_code == 0, result.output
    for text in ("EC2 spot", "clickhouse", "1,000 evaluations, typical", "Estimated prices"):
        assert text in result.output


def test_json_has_every_line_with_its_price_and_source(repository: Checkout) -> None:
    [document] = json.loads(cost("prod", "--format", "json").stdout)
    estimated = sum(item["usd_each"] * item["amounts"]["typical"] for item in document["items"])
    assert estimated == pytest.approx(document["total_usd"]["typical"])
    assert all(re.search(r"\(\d{4}-\d\d-\d\d\)$", item["source"]) for item in document["items"])


def test_a_comparison_shows_the_stack_and_the_service_that_change(repository: Checkout) -> None:
    repository.edit(Stack.CLICKHOUSE, larger_volumes)
    usd = f"{3 * 100 * 0.0952:+,.2f}"
    result = cost("prod", "--compare", "HEAD", "--format", "markdown")
    assert result.exit_code == 0, result.output
    assert f"### Cost of `prod`: {usd} USD in a typical month" in result.stdout
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", result.stdout, flags=re.MULTILINE)[1:]
    assert rows == [("clickhouse", usd), ("EBS", usd), ("total", usd)]
    [document] = json.loads(cost("prod", "--compare", "HEAD", "--format", "json").stdout)
    assert [change["name"] for change in document["stacks"]] == ["clickhouse"]


def test_the_same_files_have_no_change(repository: Checkout) -> None:
    result = cost("--compare", "HEAD", "--format", "markdown")
    assert result.stdout.split("\n\n")[0] == "### Cost of `dev`: no change"
    assert "`prod`: no change" in result.stdout


def test_a_new_environment_is_compared_with_nothing(repository: Checkout) -> None:
    subprocess.run(
        ("git", "rm", "-r", "--quiet", "--cached", "rendered/prod"), cwd=repository.root, check=True
    )
    subprocess.run(
        ("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "second"),
        cwd=repository.root,
        check=True,
    )
    typical = repository.estimate().total.typical
    result = cost("prod", "--compare", "HEAD", "--format", "markdown")
    assert f"### Cost of `prod`: {typical:+,.2f} USD" in result.stdout


def test_a_change_without_a_price_is_in_the_comment_and_does_not_prevent_it(
    repository: Checkout,
) -> None:
    def unknown(resources: dict[str, Any]) -> None:
        resources["aws_sqs_queue"] = {"jobs": {}}

    repository.edit(Stack.STORAGE, unknown)
    result = cost("prod", "--compare", "HEAD", "--format", "markdown")
    assert result.exit_code == 0
    assert "aws_sqs_queue has no price" in result.stdout


# A folder of a commit has no environment, and would be compared as if nothing had been there.
@pytest.mark.parametrize("revision", ["no-such-branch", "HEAD:rendered", "--help", "-n", ""])
def test_what_is_no_commit_is_a_sentence(repository: Checkout, revision: str) -> None:
    result = cost("prod", "--compare", revision)
    assert result.exit_code == 1
    assert "Git cannot compare: fatal: " in result.output
    assert "--compare origin/main" in result.output
    assert "Traceback" not in result.output


def test_a_missing_price_ends_it_with_status_1(repository: Checkout) -> None:
    def unknown(resources: dict[str, Any]) -> None:
        resources["aws_sqs_queue"] = {"jobs": {}}

    repository.edit(Stack.STORAGE, unknown)
    result = cost("prod")
    assert result.exit_code == 1
    assert "aws_sqs_queue has no price" in result.output


def test_the_picture_has_a_bar_for_each_load_of_each_environment(
    repository: Checkout, tmp_path: Path
) -> None:
    file = tmp_path / "cost.svg"
    assert cost("--draw", str(file)).exit_code == 0
    svg = "{http://www.w3.org/2000/svg}"
    texts = [text.text for text in ET.parse(file).getroot().iter(f"{svg}text")]
    assert texts.count("idle") == texts.count("typical") == texts.count("maximum") == 2
    assert {"dev", "prod", "EC2", "others"} <= set(texts)
