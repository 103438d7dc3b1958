"""Marks that run a test once for each environment."""

import pytest

from environments.registry import ENVIRONMENTS

EACH_ENVIRONMENT = pytest.mark.parametrize("env", ENVIRONMENTS, ids=lambda env: env.name)
EACH_NAME = pytest.mark.parametrize("name", [env.name for env in ENVIRONMENTS])
