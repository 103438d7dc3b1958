"""Route 53 hosted zones with and without a VPC."""

from tests.evalctl.rehearsal.moto_extras.conftest import REGION, Client


def test_a_zone_created_with_a_vpc_is_private_and_in_that_vpc(client: Client, vpc_id: str) -> None:
    route53 = client("route53")
    created = route53.create_hosted_zone(
        Name="dev.internal",
        CallerReference="1",
        VPC={"VPCRegion": REGION, "VPCId": vpc_id},
        HostedZoneConfig={"Comment": "names inside"},
    )
    found = route53.get_hosted_zone(Id=created["HostedZone"]["Id"])
    assert found["HostedZone"]["Config"] == {"Comment": "names inside", "PrivateZone": True}
    assert found["VPCs"] == [{"VPCRegion": REGION, "VPCId": vpc_id}]


def test_a_zone_without_a_vpc_stays_public(client: Client) -> None:
    route53 = client("route53")
    created = route53.create_hosted_zone(Name="example.com", CallerReference="1")
    assert created["HostedZone"]["Config"]["PrivateZone"] is False
    assert created["DelegationSet"]["NameServers"]
