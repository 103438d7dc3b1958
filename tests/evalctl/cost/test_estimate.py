"""What a month costs: sums that are calculated by hand from the rendered values and the prices."""

from typing import Any

import pytest

from environments.names import Names, Stack
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.spec import Tier
from evalctl.cost import prices, rendered_files
from evalctl.cost.assumptions import HOURS, USAGE, Load, llm_usd_per_evaluation
from evalctl.cost.estimate import Estimate, estimate
from evalctl.cost.items import CLUSTER_MADE, Service
from evalctl.cost.rendered_files import UnreadableFileError
from evalctl.cost.resources import _LINES, FREE
from tests.evalctl.cost.conftest import Checkout
from tests.support.paths import ROOT

PRICES = prices.read()
HERE = PRICES[PROD.account.region]
COPIES = PRICES[PROD.account.backup_copy_region or ""]


def usd(name: str) -> float:
    return HERE[name].usd


@pytest.fixture(scope="module")
def prod() -> Estimate:
    return estimate(rendered_files.in_folder(ROOT / "rendered", PROD.name), PROD, PRICES)


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
def test_every_type_of_instance_and_resource_has_a_price(env: Any) -> None:
    found = estimate(rendered_files.in_folder(ROOT / "rendered", env.name), env, PRICES)
    assert found.missing == ()


def test_nothing_that_has_lines_is_also_called_free() -> None:
    assert not FREE.keys() & _LINES.keys()
    assert all(FREE.values())


def test_spot_nodes_cost_their_hours_at_the_desired_and_at_the_maximum_size(prod: Estimate) -> None:
    spot = prod.by_service()[Service.EC2_SPOT]
    group = PROD.cluster.workers_spot
    price = usd("EC2 c5.xlarge spot")
    assert spot.idle == pytest.approx(group.desired_size * HOURS * price)
    assert spot.maximum == pytest.approx(group.max_size * HOURS * price)
    assert spot.idle < spot.typical < spot.maximum


def test_a_database_in_two_zones_costs_twice_and_grows_to_its_limit(prod: Estimate) -> None:
    database = prod.by_service()[Service.RDS]
    fixed = 2 * HOURS * usd("RDS postgres db.m7g.large")
    fixed += usd("RDS Performance Insights, long retention")
    drill = usd("RDS postgres db.t4g.micro") + 100 * usd("RDS gp3") / HOURS  # an hour
    hours = prod.usage.restore_drill_hours
    assert database.typical == pytest.approx(
        fixed + 2 * 100 * usd("RDS gp3") + hours.typical * drill
    )
    assert database.maximum == pytest.approx(
        fixed + 2 * 1_000 * usd("RDS gp3") + hours.maximum * drill
    )


def test_development_practises_restores_as_often_as_production(prod: Estimate) -> None:
    assert USAGE[Tier.DEVELOPMENT].restore_drill_hours == prod.usage.restore_drill_hours


def test_interface_endpoints_cost_for_each_zone_and_a_gateway_endpoint_nothing(
    prod: Estimate,
) -> None:
    endpoints = [item for item in prod.items if item.price.name == "Interface endpoint"]
    assert len(endpoints) == len(PROD.network.interface_endpoints)
    assert {item.amounts.idle for item in endpoints} == {3 * HOURS}


def test_what_the_cluster_makes_is_counted(prod: Estimate) -> None:
    made = {
        name: sum(
            item.amounts.typical
            for item in prod.items
            if (item.stack, item.price.name) == (CLUSTER_MADE, name)
        )
        for name in ("Application load balancer", "EBS gp3")
    }
    monitoring = PROD.monitoring
    prometheus = monitoring.prometheus_replicas * monitoring.prometheus_storage_gib
    assert made == {"Application load balancer": HOURS, "EBS gp3": prometheus}


def test_copies_of_backups_have_the_prices_of_their_region(prod: Estimate) -> None:
    stored = {
        item.price.usd: item.what for item in prod.items if item.price.name == "AWS Backup storage"
    }
    assert stored == {
        usd("AWS Backup storage"): "aws_backup_vault.vault",
        COPIES["AWS Backup storage"].usd: "aws_backup_vault.copy-vault",
    }


def test_stacks_and_services_have_the_same_sum(prod: Estimate) -> None:
    for load in Load:
        total = prod.total.at(load)
        assert sum(each.at(load) for each in prod.by_stack().values()) == pytest.approx(total)
        assert sum(each.at(load) for each in prod.by_service().values()) == pytest.approx(total)


def test_the_evaluations_of_the_busiest_month_spend_the_llm_budget(prod: Estimate) -> None:
    spent = prod.evaluations.count.maximum * llm_usd_per_evaluation()
    assert spent == pytest.approx(30 * PROD.objectives.daily_llm_budget_usd)
    assert prod.per_thousand(Load.IDLE) is None
    typical = prod.per_thousand(Load.TYPICAL)
    assert typical == pytest.approx(1_000 * prod.total.typical / prod.evaluations.count.typical)


def test_extended_support_is_counted_where_eks_may_charge_for_it(checkout: Checkout) -> None:
    before = checkout.estimate()

    def extend(resources: dict[str, Any]) -> None:
        resources["aws_eks_cluster"]["cluster"]["upgrade_policy"]["support_type"] = "EXTENDED"

    checkout.edit(Stack.CLUSTER, extend)
    after = checkout.estimate()
    assert after.total.typical == before.total.typical
    extra = after.total.maximum - before.total.maximum
    assert extra == pytest.approx(HOURS * usd("EKS extended support"))


def test_an_instance_type_without_a_price_is_named_with_what_to_add(checkout: Checkout) -> None:
    def change(resources: dict[str, Any]) -> None:
        resources["aws_instance"]["node-1"]["instance_type"] = "z1d.large"

    checkout.edit(Stack.CLICKHOUSE, change)
    [missing] = checkout.estimate().missing
    assert "aws_instance.node-1: there is no price 'EC2 z1d.large on demand'" in str(missing)
    assert f"[regions.{PROD.account.region}] in evalctl/cost/prices.toml" in str(missing)


def test_the_last_instance_type_of_a_node_group_needs_a_price_too(checkout: Checkout) -> None:
    def change(resources: dict[str, Any]) -> None:
        resources["aws_eks_node_group"]["workers-spot"]["instance_types"][-1] = "z1d.xlarge"

    checkout.edit(Stack.CLUSTER, change)
    [missing] = checkout.estimate().missing
    assert "'EC2 z1d.xlarge spot'" in str(missing)


def test_an_unknown_type_of_resource_is_named_with_what_to_add(checkout: Checkout) -> None:
    def change(resources: dict[str, Any]) -> None:
        resources["aws_sqs_queue"] = {"jobs": {}}

    checkout.edit(Stack.STORAGE, change)
    [missing] = checkout.estimate().missing
    assert "storage: aws_sqs_queue.jobs: aws_sqs_queue has no price" in str(missing)
    assert "evalctl/cost/resources.py" in str(missing)


def test_an_argument_that_is_missing_is_named_with_its_resource(checkout: Checkout) -> None:
    def change(resources: dict[str, Any]) -> None:
        del resources["aws_db_instance"]["instance"]["allocated_storage"]

    checkout.edit(Stack.DATABASE, change)
    with pytest.raises(UnreadableFileError, match=r"aws_db_instance.instance.*allocated_storage"):
        checkout.estimate()


@pytest.mark.parametrize("text", ["", "[]", '{"provider": 1}', "{"])
def test_a_broken_file_is_named(text: str, checkout: Checkout) -> None:
    file = Names(PROD).stack_file(Stack.QUEUE)
    (checkout.root / file).write_text(text)
    with pytest.raises(UnreadableFileError, match=file):
        checkout.estimate()


def test_a_claim_of_unreadable_size_is_named_with_its_file(checkout: Checkout) -> None:
    [file] = (checkout.root / "rendered/prod/argocd").glob("*kube-prometheus-stack*")
    file.write_text(file.read_text().replace("storage: 50Gi", "storage: much"))
    with pytest.raises(UnreadableFileError, match=r"kube-prometheus-stack.yaml.*'much'"):
        checkout.estimate()
