"""The environments of this platform. To add one, copy `dev.py` and add a line to the tuple."""

from environments.dev import DEV
from environments.prod import PROD

ENVIRONMENTS = (
    DEV,
    PROD,
)
