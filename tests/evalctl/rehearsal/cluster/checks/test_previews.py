"""Previews are switched on in the served copy with the value of their page."""

import pytest

from evalctl.rehearsal.cluster.checks.previews import with_previews
from tests.support.paths import ROOT
from tests.support.previews import PREVIEWS

PAGE = (ROOT / "docs/previews.md").read_text(encoding="utf-8")
DEV_MODULE = (ROOT / "environments/dev.py").read_text(encoding="utf-8")


def test_development_with_the_page_s_value_has_these_previews() -> None:
    module: dict[str, object] = {}
    exec(compile(with_previews(DEV_MODULE, PAGE), "dev.py", "exec"), module)
    assert getattr(module["DEV"], "previews") == PREVIEWS  # noqa: B009


def test_a_page_without_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match=r"docs/previews\.md"):
        with_previews(DEV_MODULE, "# Previews")


def test_a_module_that_has_previews_is_refused() -> None:
    with pytest.raises(ValueError, match="not once"):
        with_previews(DEV_MODULE.replace("previews=None", "previews=PREVIEWS"), PAGE)
