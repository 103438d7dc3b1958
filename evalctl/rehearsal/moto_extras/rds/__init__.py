"""RDS, put together from its parts."""

from types import ModuleType

from moto.rds import urls

from .instances import InstanceBackend
from .parameters import ParameterResponse


class ExtendedRDSBackend(InstanceBackend):
    @property
    def _url_module(self) -> ModuleType:
        return urls


class ExtendedRDSResponse(ParameterResponse):
    """Everything that RDS answers here."""
