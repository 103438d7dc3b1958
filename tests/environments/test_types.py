"""A value of the wrong type is refused before any other rule reads it, with what to write."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

import pytest

from environments import spec
from environments.dev import DEV
from environments.images import Image
from environments.prod import PROD
from environments.registry import ENVIRONMENTS
from environments.rules import InvalidEnvironmentError, problems_of, require_valid, types
from environments.spec import CapacityType, Environment, Previews, Tier
from tests.environments.test_rules import changed
from tests.support.previews import PREVIEWED

# It contains every dataclass of the spec.
FULL = dataclasses.replace(PREVIEWED, sync_windows=PROD.sync_windows)


def with_unknown_objects(value: Any) -> Iterator[tuple[str, Any]]:
    """Each place in a value, with a copy that has an object of an unknown type there."""
    yield "", object()
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            for place, copy in with_unknown_objects(item):
                yield f"[{index}]{place}", (*value[:index], copy, *value[index + 1 :])
    elif isinstance(value, Mapping):
        for key, item in value.items():
            for place, copy in with_unknown_objects(item):
                yield f"[{type(key).__name__}.{key.name}]{place}", {**value, key: copy}
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            for place, copy in with_unknown_objects(getattr(value, field.name)):
                yield f".{field.name}{place}", changed(value, {field.name: copy})


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("account.id", 111111111111, '111111111111 is an int; write a string, "111111111111"'),
        (
            "cluster.kubernetes_version",
            1.35,
            "1.35 is a float; write a string, in quotes",
        ),
        ("ownership.cost_center", None, "None is not allowed; write a string, in quotes"),
        ("name", Tier.PRODUCTION, "a Tier; write a string, in quotes"),
        ("account.backup_copy_region", False, "False is a bool; write a string, in quotes"),
        ("database.storage_gib", "20", "'20' is a string; write an int, 20"),
        ("worker.max_replicas", "4", "'4' is a string; write an int, 4"),
        ("worker.max_replicas", "four", "'four' is a string; write an int"),
        ("objectives.daily_llm_budget_usd", "50", "'50' is a string; write an int, 50"),
        ("objectives.daily_llm_budget_usd", 50.0, "50.0 is a float; write an int, 50"),
        ("objectives.daily_llm_budget_usd", math.inf, "inf is a float; write an int"),
        ("storage.report_retention_days", "30", "'30' is a string; write an int, 30"),
        ("worker.max_job_seconds", 900.5, "900.5 is a float; write an int"),
        ("queue.replicas", True, "True is a bool; write an int"),
        ("objectives.availability_percent", "99.5", "'99.5' is a string; write a float, 99.5"),
        ("database.multi_az", "False", "'False' is a string; write True or False"),
        ("database.multi_az", 0, "0 is an int; write True or False"),
        ("tier", "production", "'production' is a string; write Tier.PRODUCTION"),
        (
            "tier",
            "prod",
            "'prod' is a string; write Tier.DEVELOPMENT or Tier.PRODUCTION",
        ),
        (
            "cluster.general.capacity_type",
            "spot",
            "'spot' is a string; write CapacityType.SPOT",
        ),
        ("tier", CapacityType.SPOT, "a CapacityType; write Tier.DEVELOPMENT or Tier.PRODUCTION"),
        (
            "cluster.admin_role_names",
            ("PlatformAdmin"),
            "'PlatformAdmin' is a string; a tuple of one needs a comma, (\"PlatformAdmin\",)",
        ),
        (
            "orchestrator.allowed_cidrs",
            ("10.0.0.0/8"),
            "'10.0.0.0/8' is a string; a tuple of one needs a comma, (\"10.0.0.0/8\",)",
        ),
        (
            "sync_windows",
            (PROD.sync_windows[0]),
            "a SyncWindow; a tuple of one needs a comma, (SyncWindow(...),)",
        ),
        (
            "sync_windows",
            None,
            "None is not allowed; write a tuple, in round brackets, () for none",
        ),
        (
            "network.zones",
            ["eu-central-1a", "eu-central-1b"],
            "a list; write a tuple, in round brackets, () for none",
        ),
        ("images", None, "None is not allowed; write a mapping with every Image as a key"),
        (
            "images",
            dict.fromkeys(list(Image)[:-1], "sha256:0"),
            "Image.CLICKHOUSE_CLIENT is missing; add it",
        ),
        (
            "images",
            dict.fromkeys([*Image, "nginx"], "sha256:0"),
            "the key 'nginx' is a string; write Image.ORCHESTRATOR or Image.WORKER or "
            "Image.POSTGRES_CLIENT or Image.CLICKHOUSE_CLIENT",
        ),
        ("orchestrator.compute", None, "None is not allowed; write Compute(...)"),
        ("previews", DEV.worker, "a Worker; write Previews(...)"),
        ("previews", Previews, "a type; write Previews(...)"),
    ],
)
def test_a_value_of_another_type_is_refused_with_what_to_write(
    field: str, value: object, expected: str
) -> None:
    assert problems_of(changed(DEV, {field: value})) == [f"{field}: {expected}"]


def test_a_wrong_type_in_a_tuple_is_reported_by_its_place() -> None:
    window = changed(PROD.sync_windows[0], {"duration_hours": "64"})
    broken = changed(PROD, {"network.zones": ("eu-central-1a", 2), "sync_windows": (window,)})
    assert problems_of(broken) == [
        'network.zones[1]: 2 is an int; write a string, "2"',
        "sync_windows[0].duration_hours: '64' is a string; write an int, 64",
    ]


def test_a_tier_in_quotes_does_not_switch_off_what_production_requires() -> None:
    broken = changed(PROD, {"tier": "production", "database.deletion_protection": False})
    with pytest.raises(InvalidEnvironmentError, match=r"write Tier\.PRODUCTION"):
        require_valid([DEV, broken])


def test_wrong_types_in_all_environments_are_reported_at_once_and_before_any_other_rule() -> None:
    with pytest.raises(InvalidEnvironmentError) as refusal:
        require_valid(
            [
                changed(DEV, {"account.id": 1, "clickhouse.nodes": 2}),
                changed(PROD, {"network.vpc_cidr": None, "promotes_from": ("dev",)}),
            ]
        )
    assert refusal.value.problems == [
        'dev: account.id: 1 is an int; write a string, "1"',
        "prod: promotes_from: a tuple; write a string, in quotes",
        "prod: network.vpc_cidr: None is not allowed; write a string, in quotes",
    ]


@pytest.mark.parametrize("env", [*ENVIRONMENTS, FULL], ids=lambda env: env.name)
def test_valid_environments_have_no_wrong_types(env: Environment) -> None:
    assert list(types.problems_of(env)) == []


def test_an_int_is_accepted_where_a_float_is_expected() -> None:
    assert problems_of(changed(DEV, {"objectives.availability_percent": 99})) == []


def test_every_field_of_the_spec_is_checked() -> None:
    found = []
    for place, env in with_unknown_objects(FULL):
        if place:
            (problem,) = problems_of(env)
            assert problem.startswith(f"{place.removeprefix('.')}: an object; write "), problem
            found.append(problem)
    for kind in vars(spec).values():
        if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind is not Environment:
            assert any(problem.endswith(f"write {kind.__name__}(...)") for problem in found), kind


@pytest.mark.parametrize("annotation", [dict[str, str], str | int, tuple[str, str], bytes])
def test_an_annotation_that_the_rules_cannot_check_is_an_error(
    annotation: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Environment.__annotations__, "addon_set", annotation)
    monkeypatch.setattr(types, "_fields", get_type_hints)  # without what earlier calls kept
    with pytest.raises(NotImplementedError, match=r"addon_set: .* cannot check"):
        problems_of(DEV)


@pytest.mark.parametrize(
    ("environments", "expected"),
    [
        (DEV, "ENVIRONMENTS: an Environment; a tuple of one needs a comma, (Environment(...),)"),
        ([DEV], "ENVIRONMENTS: a list; write a tuple, in round brackets, () for none"),
        ((DEV, "prod"), "ENVIRONMENTS[1]: 'prod' is a string; write Environment(...)"),
        ((DEV, (PROD,)), "ENVIRONMENTS[1]: a tuple; write Environment(...)"),
        (
            (changed(DEV, {"name": "", "addon_set": None}),),
            "(unnamed): addon_set: None is not allowed; write a string, in quotes",
        ),
    ],
    ids=["no comma", "list", "name", "comma after the value", "no name"],
)
def test_what_the_registry_must_not_list_is_refused_by_its_place_or_name(
    environments: object, expected: str
) -> None:
    assert list(types.problems(environments)) == [expected]
