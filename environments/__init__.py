"""The environments of this platform. To add one: a file like `dev.py`, and a line in `ENVIRONMENTS`."""

from environments.dev import DEV
from environments.prod import PROD

ENVIRONMENTS = (
    DEV,
    PROD,
)
