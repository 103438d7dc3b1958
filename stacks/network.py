"""The VPC: public, private and isolated data subnets in every zone."""

from ipaddress import IPv4Network

import constructs

from environments.address_plan import address_plan
from environments.names import NAMESPACE, Stack
from environments.spec import Environment
from stacks import aws
from stacks.base import EnvironmentStack
from stacks.parts.flow_logs import flow_logs


class NetworkStack(EnvironmentStack):
    """VPC, subnets, routes, endpoints, flow logs, and the private DNS zone."""

    vpc_id: str
    private_subnet_ids: list[str]
    data_subnet_ids: list[str]
    private_zone_id: str

    def __init__(self, scope: constructs.Construct, *, env: Environment) -> None:
        super().__init__(scope, Stack.NETWORK, env=env)
        plan = address_plan(env.network)
        vpc = self._vpc()
        public = self._subnets(vpc, "public", [zone.public for zone in plan])
        private = self._subnets(vpc, "private", [zone.private for zone in plan])
        data = self._subnets(vpc, "data", [zone.data for zone in plan])
        internet_gateway = self._internet_gateway(vpc)
        self._public_routes(vpc, public, internet_gateway)
        gateways = self._nat_gateways(public, internet_gateway)
        private_tables = self._private_routes(vpc, private, gateways)
        data_table = self._data_routes(vpc, data)
        self._s3_endpoint(vpc, [*private_tables, data_table])
        self._interface_endpoints(vpc, private)
        flow_logs(self, names=self.names, vpc_id=vpc.id)
        zone = self._private_zone(vpc)

        self.vpc_id = vpc.id
        self.private_subnet_ids = [subnet.id for subnet in private]
        self.data_subnet_ids = [subnet.id for subnet in data]
        self.private_zone_id = zone.zone_id

    def _vpc(self) -> aws.Vpc:
        vpc = aws.Vpc(
            self,
            "vpc",
            cidr_block=self.env.network.vpc_cidr,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": self.names.prefix},
        )
        aws.DefaultSecurityGroup(
            self, "default-security-group", vpc_id=vpc.id, ingress=[], egress=[]
        )
        return vpc

    def _subnets(self, vpc: aws.Vpc, tier: str, cidrs: list[IPv4Network]) -> list[aws.Subnet]:
        # The AWS Load Balancer Controller finds its subnets by these tags. An internal load balancer may
        # be in a public subnet (its addresses are private all the same). There it shares its subnet with
        # no pod, so that a network policy can admit it by its addresses.
        discovery = {
            "public": {"kubernetes.io/role/elb": "1", "kubernetes.io/role/internal-elb": "1"},
            "private": {},
            "data": {},
        }[tier]
        return [
            aws.Subnet(
                self,
                f"{tier}-subnet-{index}",
                vpc_id=vpc.id,
                availability_zone=zone,
                cidr_block=str(cidr),
                map_public_ip_on_launch=False,
                tags={"Name": f"{self.names.prefix}-{tier}-{zone}", "Tier": tier} | discovery,
            )
            for index, (zone, cidr) in enumerate(zip(self.env.network.zones, cidrs, strict=True), 1)
        ]

    def _internet_gateway(self, vpc: aws.Vpc) -> aws.InternetGateway:
        return aws.InternetGateway(
            self, "internet-gateway", vpc_id=vpc.id, tags={"Name": self.names.prefix}
        )

    def _public_routes(
        self, vpc: aws.Vpc, subnets: list[aws.Subnet], gateway: aws.InternetGateway
    ) -> None:
        table = self._route_table(vpc, "public", subnets)
        aws.Route(
            self,
            "public-default-route",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
        )

    def _nat_gateways(
        self, public: list[aws.Subnet], internet_gateway: aws.InternetGateway
    ) -> list[aws.NatGateway]:
        """They name no internet gateway, and AWS refuses them in a VPC that has none.

        AWS also does not detach an internet gateway while the VPC has public addresses.
        """
        subnets = public if self.env.network.nat_gateway_per_zone else public[:1]
        gateways = []
        for index, subnet in enumerate(subnets, 1):
            name = self.names.aws(f"nat-{index}")
            address = aws.Eip(
                self,
                f"nat-address-{index}",
                domain="vpc",
                tags={"Name": name},
                depends_on=[internet_gateway],
            )
            gateways.append(
                aws.NatGateway(
                    self,
                    f"nat-gateway-{index}",
                    allocation_id=address.allocation_id,
                    subnet_id=subnet.id,
                    tags={"Name": name},
                    depends_on=[internet_gateway],
                )
            )
        return gateways

    def _private_routes(
        self, vpc: aws.Vpc, subnets: list[aws.Subnet], gateways: list[aws.NatGateway]
    ) -> list[aws.RouteTable]:
        tables = []
        for index, subnet in enumerate(subnets):
            table = self._route_table(vpc, f"private-{index + 1}", [subnet])
            aws.Route(
                self,
                f"private-default-route-{index + 1}",
                route_table_id=table.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=gateways[min(index, len(gateways) - 1)].id,
            )
            tables.append(table)
        return tables

    def _data_routes(self, vpc: aws.Vpc, subnets: list[aws.Subnet]) -> aws.RouteTable:
        return self._route_table(vpc, "data", subnets)  # no default route: nothing leaves the VPC

    def _route_table(self, vpc: aws.Vpc, role: str, subnets: list[aws.Subnet]) -> aws.RouteTable:
        table = aws.RouteTable(
            self, f"{role}-route-table", vpc_id=vpc.id, tags={"Name": self.names.aws(role)}
        )
        for index, subnet in enumerate(subnets, 1):
            aws.RouteTableAssociation(
                self,
                f"{role}-route-table-association-{index}",
                route_table_id=table.id,
                subnet_id=subnet.id,
            )
        return table

    def _s3_endpoint(self, vpc: aws.Vpc, tables: list[aws.RouteTable]) -> None:
        aws.VpcEndpoint(
            self,
            "s3-endpoint",
            vpc_id=vpc.id,
            vpc_endpoint_type="Gateway",
            service_name=f"com.amazonaws.{self.env.account.region}.s3",
            route_table_ids=[table.id for table in tables],
            tags={"Name": self.names.aws("s3")},
        )

    def _interface_endpoints(self, vpc: aws.Vpc, subnets: list[aws.Subnet]) -> None:
        if not self.env.network.interface_endpoints:
            return
        group = aws.SecurityGroup(
            self,
            "endpoint-security-group",
            name=self.names.aws("endpoints"),
            description="HTTPS from inside the VPC to AWS interface endpoints",
            vpc_id=vpc.id,
            tags={"Name": self.names.aws("endpoints")},
        )
        aws.VpcSecurityGroupIngressRule(
            self,
            "endpoint-https",
            security_group_id=group.id,
            description="HTTPS from the VPC",
            cidr_ipv4=self.env.network.vpc_cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
        )
        for service in self.env.network.interface_endpoints:
            aws.VpcEndpoint(
                self,
                f"{service.replace('.', '-')}-endpoint",
                vpc_id=vpc.id,
                vpc_endpoint_type="Interface",
                service_name=f"com.amazonaws.{self.env.account.region}.{service}",
                subnet_ids=[subnet.id for subnet in subnets],
                security_group_ids=[group.id],
                private_dns_enabled=True,
                tags={"Name": self.names.aws(service)},
            )

    def _private_zone(self, vpc: aws.Vpc) -> aws.Route53Zone:
        return aws.Route53Zone(
            self,
            "private-zone",
            name=self.names.private_zone,
            vpc=[aws.Route53ZoneVpc(vpc_id=vpc.id)],
            comment=f"Names inside the VPC for {NAMESPACE}",
        )
