"""Changes of an environment's value in the served copy."""

import pytest

from environments.registry import ENVIRONMENTS
from environments.spec import Environment
from evalctl.rehearsal.cluster.checks.day_two import with_number, with_text
from tests.support.paths import ROOT


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
@pytest.mark.parametrize("field", ["prometheus_storage_gib", "max_replicas"])
def test_each_environment_has_one_number_of_a_changed_field(env: Environment, field: str) -> None:
    text = (ROOT / "environments" / f"{env.name}.py").read_text(encoding="utf-8")
    assert f"{field}=77," in with_number(text, field, 77)


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
@pytest.mark.parametrize("field", ["kubernetes_version", "addon_set"])
def test_each_environment_has_one_text_of_a_changed_field(env: Environment, field: str) -> None:
    text = (ROOT / "environments" / f"{env.name}.py").read_text(encoding="utf-8")
    assert f'{field}="9.99",' in with_text(text, field, "9.99")


def test_a_field_without_a_text_is_refused() -> None:
    with pytest.raises(ValueError, match="addon_set has 0 texts in the environment's module"):
        with_text("DEV = Environment()", "addon_set", "2027-01")


@pytest.mark.parametrize("text", ["other=1", "field=1\nfield=2", "field=names.of(1)"])
def test_a_field_without_exactly_one_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="field has"):
        with_number(text, "field", 3)
