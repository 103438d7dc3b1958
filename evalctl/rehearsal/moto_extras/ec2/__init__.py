"""EC2, put together from its parts."""

from types import ModuleType

from moto.ec2 import urls

from .launch_templates import LaunchTemplateResponse
from .monitoring import MonitoringResponse
from .network_interfaces import NetworkInterfaceBackend
from .security_group_rules import SecurityGroupRuleResponse


class ExtendedEC2Backend(NetworkInterfaceBackend):
    @property
    def _url_module(self) -> ModuleType:
        return urls


class ExtendedEC2Response(LaunchTemplateResponse, MonitoringResponse, SecurityGroupRuleResponse):
    """Everything that EC2 answers here."""
