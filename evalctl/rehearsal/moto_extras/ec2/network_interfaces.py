"""EC2 network interfaces after their instance or NAT gateway is deleted.

An interface that was created for its owner is deleted with it; other interfaces are detached.
"""

from collections.abc import Sequence
from typing import Any

from moto.core.types import Base64EncodedString
from moto.ec2.models import EC2Backend
from moto.ec2.models.instances import Instance, InstanceState, Reservation
from moto.ec2.models.nat_gateways import NatGateway


class NetworkInterfaceBackend(EC2Backend):
    def run_instances(
        self,
        image_id: str,
        count: int,
        user_data: Base64EncodedString | None,
        security_group_names: list[str],
        **kwargs: Any,
    ) -> Reservation:
        """moto keeps an interface that the launch created."""
        reservation = super().run_instances(
            image_id, count, user_data, security_group_names, **kwargs
        )
        preserved = _preserved(kwargs.get("nics") or [])
        for instance in reservation.instances:
            for index, interface in instance.nics.items():
                if index not in preserved:
                    interface.delete_on_termination = True
        return reservation

    def terminate_instances(self, instance_ids: list[str]) -> list[tuple[Instance, InstanceState]]:
        """moto leaves the other interfaces attached, and an attached interface cannot be deleted."""
        terminated = super().terminate_instances(instance_ids)
        for instance, _ in terminated:
            for index, interface in list(instance.nics.items()):
                if not interface.delete_on_termination:
                    instance.detach_eni(interface)
                    # DescribeInstances still lists a terminated instance with its addresses.
                    instance.nics[index] = interface
        return terminated

    def delete_nat_gateway(self, nat_gateway_id: str) -> NatGateway:
        """moto keeps the gateway's own interface."""
        gateway = super().delete_nat_gateway(nat_gateway_id)
        self.enis.pop(gateway._eni.id, None)
        return gateway


def _preserved(requested: Sequence[dict[str, Any]]) -> set[int]:
    """Device indexes of existing interfaces, and of new ones with DeleteOnTermination disabled."""
    return {
        int(interface["DeviceIndex"])
        for interface in requested
        if "NetworkInterfaceId" in interface or interface.get("DeleteOnTermination") is False
    }
