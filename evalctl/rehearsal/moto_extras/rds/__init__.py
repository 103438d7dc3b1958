"""RDS: database instances and the parameters of their parameter groups."""

from .instances import InstanceBackend
from .parameters import ParameterResponse


class ExtendedRDSBackend(InstanceBackend):
    """All resources of RDS."""


class ExtendedRDSResponse(ParameterResponse):
    """All operations of RDS."""
