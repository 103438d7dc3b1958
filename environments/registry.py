"""The environments of this platform. To add one: a file like `dev.py`, and a line in the tuple."""

from environments.dev import DEV
from environments.prod import PROD

ENVIRONMENTS = (
    DEV,
    PROD,
)
