"""EC2 network interfaces when what they belong to ends: those made for it go, others stay."""

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
        """moto would keep an interface that a launch made and nobody else knows of."""
        reservation = super().run_instances(
            image_id, count, user_data, security_group_names, **kwargs
        )
        kept = _kept(kwargs.get("nics") or [])
        for instance in reservation.instances:
            for index, interface in instance.nics.items():
                if index not in kept:
                    interface.delete_on_termination = True
        return reservation

    def terminate_instances(self, instance_ids: list[str]) -> list[tuple[Instance, InstanceState]]:
        """moto would leave the others attached for ever, so that nobody could delete them."""
        terminated = super().terminate_instances(instance_ids)
        for instance, _ in terminated:
            for index, interface in list(instance.nics.items()):
                if not interface.delete_on_termination:
                    instance.detach_eni(interface)
                    # A terminated instance is still described, with the addresses that it had.
                    instance.nics[index] = interface
        return terminated

    def delete_nat_gateway(self, nat_gateway_id: str) -> NatGateway:
        """moto would keep the gateway's own interface."""
        gateway = super().delete_nat_gateway(nat_gateway_id)
        self.enis.pop(gateway._eni.id, None)
        return gateway


def _kept(asked: Sequence[dict[str, Any]]) -> set[int]:
    """Where a launch brings an interface that exists already, or asks to keep a new one."""
    return {
        int(interface["DeviceIndex"])
        for interface in asked
        if "NetworkInterfaceId" in interface or interface.get("DeleteOnTermination") is False
    }
