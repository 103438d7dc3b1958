"""Hosted zones. A zone that is created with a VPC is private, also if the request has no such flag."""

from moto.core.responses import ActionResult
from moto.route53.responses import Route53


class ZoneResponse(Route53):
    def create_hosted_zone(self) -> ActionResult:
        result = super().create_hosted_zone()
        assert isinstance(result.result, dict)
        zone = result.result["HostedZone"]
        vpc_id = self._get_param("VPC.VPCId")
        if vpc_id and not zone.private_zone:
            region = self._get_param("VPC.VPCRegion")
            zone.private_zone = True
            zone.add_vpc(vpc_id, region)
            result.result["DelegationSet"] = None
            result.result["VPC"] = {"VPCId": vpc_id, "VPCRegion": region}
        return result
