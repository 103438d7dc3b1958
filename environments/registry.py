"""The environments of this platform; `evalctl new-environment` adds one."""

from environments.dev import DEV
from environments.prod import PROD

ENVIRONMENTS = (
    DEV,
    PROD,
)
