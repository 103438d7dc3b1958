"""NAT gateways, which need an internet gateway in their VPC.

AWS accepts the request and the gateway fails with this code (EC2 API reference, NatGateway: FailureCode);
here the request fails at once.
"""

from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import EC2Backend
from moto.ec2.models.nat_gateways import NatGateway


class NatGatewayBackend(EC2Backend):
    def create_nat_gateway(
        self,
        subnet_id: str,
        allocation_id: str,
        tags: dict[str, str] | None = None,
        connectivity_type: str = "public",
    ) -> NatGateway:
        """moto creates one in any VPC."""
        vpc_id = self.get_subnet(subnet_id).vpc_id
        attached: Any = [gateway.vpc for gateway in self.internet_gateways.values()]
        if connectivity_type != "private" and not any(vpc and vpc.id == vpc_id for vpc in attached):
            raise EC2ClientError(
                "Gateway.NotAttached", f"Network {vpc_id} has no Internet gateway attached"
            )
        return super().create_nat_gateway(subnet_id, allocation_id, tags, connectivity_type)
