"""RDS: database instances, their storage, and the parameters of their parameter groups."""

from .instances import InstanceBackend
from .parameters import ParameterResponse
from .storage import StorageBackend


class ExtendedRDSBackend(InstanceBackend, StorageBackend):
    """All resources of RDS."""


class ExtendedRDSResponse(ParameterResponse):
    """All operations of RDS."""
