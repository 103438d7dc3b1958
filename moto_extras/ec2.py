"""EC2, put together from its parts."""

from types import ModuleType

from moto.ec2 import urls

from moto_extras.ec2_launch_templates import LaunchTemplateResponse
from moto_extras.ec2_monitoring import MonitoringResponse
from moto_extras.ec2_network_interfaces import NetworkInterfaceBackend
from moto_extras.ec2_security_group_rules import SecurityGroupRuleResponse


class ExtendedEC2Backend(NetworkInterfaceBackend):
    @property
    def _url_module(self) -> ModuleType:
        return urls


class ExtendedEC2Response(LaunchTemplateResponse, MonitoringResponse, SecurityGroupRuleResponse):
    """Everything that EC2 answers here."""
