"""A filled-in production passes; samples, missing restores and waivers fail when they must."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from environments.waivers import WAIVERS, Waiver
from evalctl.checks.check import Subject
from evalctl.checks.golive.samples import samples_replaced
from evalctl.checks.outcome import Outcome, Status, outcomes, unknown
from evalctl.checks.registry import GO_LIVE, WIRING
from evalctl.parsed.environment import RenderedEnvironment
from tests.evalctl.checks.mutations import (
    INGRESS,
    WORKER,
    Edit,
    Mutation,
    stack,
    to,
)
from tests.support.paths import ROOT

TODAY = date(2026, 11, 28)
CHECKS = (*GO_LIVE, *WIRING)
IMAGE = ("spec", "template", "spec", "containers", 0, "image")


@pytest.fixture(scope="module")
def dev() -> RenderedEnvironment:
    return RenderedEnvironment.read(ROOT / "rendered/dev", root=ROOT)


def statuses(
    env: RenderedEnvironment, *, waivers: Sequence[Waiver] = WAIVERS, today: date = TODAY
) -> dict[str, Outcome]:
    found = outcomes(CHECKS, Subject(env, today), waivers)
    return {outcome.check.name: outcome for outcome in found}


def of(status: Status, found: dict[str, Outcome]) -> set[str]:
    return {name for name, outcome in found.items() if outcome.status is status}


def test_a_filled_in_production_passes_whole(filled: RenderedEnvironment) -> None:
    found = statuses(filled)
    assert of(Status.FAIL, found) == set()
    assert of(Status.WAIVED, found) == set()


@pytest.mark.parametrize(
    ("file", "edit"),
    [
        (stack("state"), to("222222222222", "provider", "aws", 0, "allowed_account_ids", 0)),
        (INGRESS, to("eval.example.com", "spec", "rules", 0, "host")),
        (WORKER, to(f"registry/worker@sha256:{'0' * 64}", *IMAGE)),
    ],
    ids=["account", "hostname", "digest"],
)
def test_each_sample_that_is_left_fails(filled: RenderedEnvironment, file: str, edit: Edit) -> None:
    env = Mutation("samples-replaced", "a sample", file, edit).apply(filled)
    (found,) = [each for each in samples_replaced.run(Subject(env, TODAY)) if each.problem]
    assert file in found.node.location


def test_a_template_lists_each_sample(prod: RenderedEnvironment) -> None:
    problems = [str(each) for each in samples_replaced.run(Subject(prod, TODAY)) if each.problem]
    shown = "\n".join(problems)
    assert len(problems) == 8
    samples = ("222222222222", "eval.example.com", "example-org", "platform-team@example.com")
    assert all(value in shown for value in samples)


def test_development_states_what_it_does_not_fulfil(dev: RenderedEnvironment) -> None:
    found = statuses(dev)
    assert of(Status.FAIL, found) == {"samples-replaced"}
    assert of(Status.WAIVED, found) == {each.check for each in WAIVERS if each.environment == "dev"}


def test_without_its_waivers_development_fails(dev: RenderedEnvironment) -> None:
    found = statuses(dev, waivers=())
    waived = {each.check for each in WAIVERS if each.environment == "dev"}
    assert of(Status.FAIL, found) == {"samples-replaced", *waived}


def test_a_waiver_holds_on_its_last_day_and_not_after(dev: RenderedEnvironment) -> None:
    waiver = next(each for each in WAIVERS if each.check == "several-zones")
    last = replace(waiver, until=TODAY)
    on_that_day = statuses(dev, waivers=(last,))["several-zones"]
    after = statuses(dev, waivers=(last,), today=TODAY + timedelta(days=1))["several-zones"]
    assert on_that_day.status is Status.WAIVED
    assert after.status is Status.FAIL
    assert f"ended on {TODAY}" in str(after.remark)


def test_a_waiver_of_a_check_that_passes_fails(filled: RenderedEnvironment) -> None:
    waiver = Waiver(environment="prod", check="tls", owner="a-team", reason="none", until=TODAY)
    found = statuses(filled, waivers=(*WAIVERS, waiver))
    assert of(Status.FAIL, found) == {"tls"}
    assert "must go" in str(found["tls"].remark)


def test_waivers_name_checks_and_environments_that_exist() -> None:
    assert unknown(WAIVERS, CHECKS, ["dev", "prod"]) == []
    assert len(unknown((replace(WAIVERS[0], check="other"),), CHECKS, ["dev"])) == 1
    assert len(unknown((replace(WAIVERS[0], environment="other"),), CHECKS, ["dev"])) == 1
