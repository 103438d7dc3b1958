"""EC2: launch templates, monitoring, network interfaces, NAT gateways, security group rules."""

from .launch_templates import LaunchTemplateResponse
from .monitoring import MonitoringResponse
from .nat_gateways import NatGatewayBackend
from .network_interfaces import NetworkInterfaceBackend
from .security_group_rules import SecurityGroupRuleResponse


class ExtendedEC2Backend(NetworkInterfaceBackend, NatGatewayBackend):
    """All resources of EC2."""


class ExtendedEC2Response(LaunchTemplateResponse, MonitoringResponse, SecurityGroupRuleResponse):
    """All operations of EC2."""
