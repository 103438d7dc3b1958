"""RDS, put together from its parts."""

from types import ModuleType

from moto.rds import urls

from moto_extras.rds_instances import InstanceBackend
from moto_extras.rds_parameters import ParameterResponse


class ExtendedRDSBackend(InstanceBackend):
    @property
    def _url_module(self) -> ModuleType:
        return urls


class ExtendedRDSResponse(ParameterResponse):
    """Everything that RDS answers here."""
