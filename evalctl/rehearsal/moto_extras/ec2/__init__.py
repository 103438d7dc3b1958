"""EC2: client tokens, launch templates, monitoring, network interfaces, NAT gateways, security group rules."""

from .client_tokens import ClientTokenBackend, ClientTokenResponse
from .launch_templates import LaunchTemplateResponse
from .monitoring import MonitoringResponse
from .nat_gateways import NatGatewayBackend
from .network_interfaces import NetworkInterfaceBackend
from .security_group_rules import SecurityGroupRuleResponse


class ExtendedEC2Backend(ClientTokenBackend, NetworkInterfaceBackend, NatGatewayBackend):
    """All resources of EC2."""


class ExtendedEC2Response(
    ClientTokenResponse, LaunchTemplateResponse, MonitoringResponse, SecurityGroupRuleResponse
):
    """All operations of EC2."""
