"""What each type of Terraform resource costs; a type without a price has the reason why it is free."""

from collections.abc import Callable, Iterator

from environments.names import RESTORE_DRILL_CLASS
from evalctl.cost.assumptions import HOURS, Amounts, Load, always
from evalctl.cost.items import Bill, Item, Missing, Service
from evalctl.cost.rendered_files import Resource

_SETTING = "a setting of another resource"
_IAM = "IAM costs nothing"
_VPC = "a part of the VPC that costs nothing"
FREE = {
    "aws_autoscaling_group_tag": _SETTING,
    "aws_backup_plan": "its storage is counted with the vault",
    "aws_backup_selection": _SETTING,
    "aws_backup_vault_lock_configuration": _SETTING,
    "aws_budgets_budget": "the first two of an account, without actions, cost nothing",
    "aws_cloudformation_stack": "stacks of AWS' own resource types cost nothing",
    "aws_db_parameter_group": _SETTING,
    "aws_db_subnet_group": _SETTING,
    "aws_default_security_group": _VPC,
    "aws_ecr_lifecycle_policy": _SETTING,
    "aws_eks_access_entry": _SETTING,
    "aws_eks_access_policy_association": _SETTING,
    "aws_eks_addon": "AWS' own add-ons cost nothing",
    "aws_eks_pod_identity_association": _SETTING,
    "aws_elasticache_parameter_group": _SETTING,
    "aws_elasticache_subnet_group": _SETTING,
    "aws_elasticache_user_group": _SETTING,
    "aws_flow_log": "its log group is counted",
    "aws_iam_instance_profile": _IAM,
    "aws_iam_openid_connect_provider": _IAM,
    "aws_iam_policy": _IAM,
    "aws_iam_role": _IAM,
    "aws_iam_role_policy": _IAM,
    "aws_iam_role_policy_attachment": _IAM,
    "aws_internet_gateway": _VPC,
    "aws_kms_alias": "its key is counted",
    "aws_launch_template": "its disks are counted with the node group",
    "aws_network_interface": _VPC,
    "aws_route": _VPC,
    "aws_route53_record": "its zone is counted; queries inside the VPC cost nothing",
    "aws_route_table": _VPC,
    "aws_route_table_association": _VPC,
    "aws_s3_bucket_lifecycle_configuration": _SETTING,
    "aws_s3_bucket_logging": "the logs are counted with their bucket",
    "aws_s3_bucket_ownership_controls": _SETTING,
    "aws_s3_bucket_policy": _SETTING,
    "aws_s3_bucket_public_access_block": _SETTING,
    "aws_s3_bucket_server_side_encryption_configuration": _SETTING,
    "aws_s3_bucket_versioning": "old versions are counted with their bucket",
    "aws_secretsmanager_secret_version": "its secret is counted",
    "aws_security_group": _VPC,
    "aws_subnet": _VPC,
    "aws_volume_attachment": _SETTING,
    "aws_vpc": _VPC,
    "aws_vpc_security_group_egress_rule": _VPC,
    "aws_vpc_security_group_ingress_rule": _VPC,
    "terraform_data": "only Terraform has it",
}

Lines = Callable[[Bill, Resource], Iterator[Item]]


def items_of(bill: Bill, resource: Resource) -> Iterator[Item]:
    """The lines of a resource; a type that nothing here knows is noted as missing."""
    lines = _LINES.get(resource.type)
    if lines is not None:
        yield from lines(bill, resource)
    elif resource.type not in FREE:
        bill.missing.append(
            Missing(
                what=f"{resource.address}: {resource.type} has no price",
                to_do="add its lines, or the reason why it is free, to evalctl/cost/resources.py",
            )
        )


def _node_group(bill: Bill, group: Resource) -> Iterator[Item]:
    sizes = group.body["scaling_config"]
    desired, most = sizes["desired_size"], sizes["max_size"]
    nodes = Amounts(*(desired + bill.usage.busy_share.at(load) * (most - desired) for load in Load))
    spot = group.body["capacity_type"] == "SPOT"
    service, bought = (Service.EC2_SPOT, "spot") if spot else (Service.EC2, "on demand")
    preferred, *others = (f"EC2 {type_} {bought}" for type_ in group.body["instance_types"])
    yield from bill.line(group, service, preferred, nodes.times(HOURS))
    for other in others:  # EKS uses them when the first runs out; each must have a price
        bill.price(other, region=group.region, needed_by=group.address)
    template = _launch_template(bill, group)
    for mapping in template.body["block_device_mappings"]:
        disk = mapping["ebs"]
        gib = nodes.times(disk["volume_size"])
        yield from bill.line(group, Service.EBS, f"EBS {disk['volume_type']}", gib)
    if template.body["monitoring"]["enabled"]:
        yield from bill.line(group, Service.CLOUDWATCH, "EC2 detailed monitoring", nodes)


def _launch_template(bill: Bill, group: Resource) -> Resource:
    name = group.body["launch_template"]["id"].split(".")[1]
    return next(
        each
        for each in bill.rendered.of_type("aws_launch_template")
        if (each.stack, each.name) == (group.stack, name)
    )


def _instance(bill: Bill, instance: Resource) -> Iterator[Item]:
    yield from bill.hours(instance, Service.EC2, f"EC2 {instance.body['instance_type']} on demand")
    disk = instance.body["root_block_device"]
    yield from bill.line(
        instance, Service.EBS, f"EBS {disk['volume_type']}", always(disk["volume_size"])
    )
    if instance.body["monitoring"]:
        yield from bill.line(instance, Service.CLOUDWATCH, "EC2 detailed monitoring", always(1))


def _volume(bill: Bill, volume: Resource) -> Iterator[Item]:
    return bill.line(volume, Service.EBS, f"EBS {volume.body['type']}", always(volume.body["size"]))


def _database(bill: Bill, database: Resource) -> Iterator[Item]:
    body = database.body
    copies = 2 if body["multi_az"] else 1
    price = f"RDS {body['engine']} {body['instance_class']}"
    yield from bill.hours(database, Service.RDS, price, copies)
    least, most = body["allocated_storage"], body["max_allocated_storage"]
    storage = Amounts(least, least, most).times(copies)
    yield from bill.line(database, Service.RDS, f"RDS {body['storage_type']}", storage)
    yield from _restore_drill(bill, database)
    if body["performance_insights_retention_period"] > 7:  # the first week costs nothing
        yield from bill.line(
            database, Service.RDS, "RDS Performance Insights, long retention", always(1)
        )


def _restore_drill(bill: Bill, database: Resource) -> Iterator[Item]:
    """The instance to which the drill restores a snapshot: a small class, and storage of the same size."""
    body, hours = database.body, bill.usage.restore_drill_hours
    price = f"RDS {body['engine']} {RESTORE_DRILL_CLASS}"
    yield from bill.line(database, Service.RDS, price, hours)
    storage = hours.times(body["allocated_storage"] / HOURS)
    yield from bill.line(database, Service.RDS, f"RDS {body['storage_type']}", storage)


def _queue(bill: Bill, queue: Resource) -> Iterator[Item]:
    price = f"ElastiCache {queue.body['engine']} {queue.body['node_type']}"
    return bill.hours(queue, Service.ELASTICACHE, price, queue.body["num_cache_clusters"])


def _cluster(bill: Bill, cluster: Resource) -> Iterator[Item]:
    yield from bill.hours(cluster, Service.EKS, "EKS cluster")
    # With STANDARD, EKS upgrades the minor when its standard support ends, and never charges for more.
    if cluster.body["upgrade_policy"]["support_type"] != "STANDARD":
        extended = Amounts(0, 0, HOURS)
        yield from bill.line(cluster, Service.EKS, "EKS extended support", extended)


def _nat(bill: Bill, gateway: Resource) -> Iterator[Item]:
    usage, share = bill.usage, 1 / len(bill.rendered.of_type(gateway.type))
    yield from bill.hours(gateway, Service.NAT, "NAT gateway")
    for service, price, amounts in (
        (Service.NAT, "NAT traffic", usage.nat_traffic_gb),
        (Service.TRAFFIC, "Traffic to the internet", usage.internet_traffic_gb),
        (Service.TRAFFIC, "Traffic between zones", usage.zone_traffic_gb),
    ):
        yield from bill.line(gateway, service, price, amounts.times(share))


def _endpoint(bill: Bill, endpoint: Resource) -> Iterator[Item]:
    if endpoint.body["vpc_endpoint_type"] == "Gateway":
        return  # costs nothing
    interfaces = [
        each
        for each in bill.rendered.of_type(endpoint.type)
        if each.body["vpc_endpoint_type"] == "Interface"
    ]
    zones = len(endpoint.body["subnet_ids"])
    yield from bill.hours(endpoint, Service.ENDPOINTS, "Interface endpoint", zones)
    traffic = bill.usage.endpoint_traffic_gb.times(1 / len(interfaces))
    yield from bill.line(endpoint, Service.ENDPOINTS, "Interface endpoint traffic", traffic)


def _log_group(bill: Bill, group: Resource) -> Iterator[Item]:
    ingested = bill.usage.log_gb_of_each_group
    months = group.body["retention_in_days"] / 30
    yield from bill.line(group, Service.CLOUDWATCH, "CloudWatch Logs ingestion", ingested)
    # The amount that is kept once the oldest day of the retention is reached.
    kept = ingested.times(months)
    yield from bill.line(group, Service.CLOUDWATCH, "CloudWatch Logs storage", kept)


def _bucket(bill: Bill, bucket: Resource) -> Iterator[Item]:
    usage = bill.usage
    yield from bill.line(bucket, Service.S3, "S3 standard", usage.s3_gb_of_each_bucket)
    yield from bill.line(bucket, Service.S3, "S3 writes", usage.s3_writes_thousands_of_each_bucket)


def _vault(bill: Bill, vault: Resource) -> Iterator[Item]:
    stored = bill.usage.backup_gb_of_each_vault
    yield from bill.line(vault, Service.BACKUP, "AWS Backup storage", stored)
    if vault.region != bill.rendered.region:
        price = bill.price(
            "Traffic to another region", region=bill.rendered.region, needed_by=vault.address
        )
        if price is not None:
            yield Item(
                stack=vault.stack,
                service=Service.TRAFFIC,
                what=f"{vault.type}.{vault.name}",
                price=price,
                amounts=stored,
            )


def _once(service: Service, price: str, amount: float = 1) -> Lines:
    return lambda bill, resource: bill.line(resource, service, price, always(amount))


def _repository(bill: Bill, repository: Resource) -> Iterator[Item]:
    stored = bill.usage.image_gb_of_each_repository
    return bill.line(repository, Service.ECR, "ECR storage", stored)


_LINES: dict[str, Lines] = {
    "aws_backup_vault": _vault,
    "aws_cloudwatch_log_group": _log_group,
    "aws_db_instance": _database,
    "aws_ebs_volume": _volume,
    "aws_ecr_repository": _repository,
    "aws_eip": _once(Service.NAT, "Public IPv4 address", HOURS),
    "aws_eks_cluster": _cluster,
    "aws_eks_node_group": _node_group,
    "aws_elasticache_replication_group": _queue,
    "aws_instance": _instance,
    "aws_kms_key": _once(Service.KMS, "KMS key"),
    "aws_nat_gateway": _nat,
    "aws_route53_zone": _once(Service.DNS, "Route 53 zone"),
    "aws_s3_bucket": _bucket,
    "aws_secretsmanager_secret": _once(Service.SECRETS, "Secret"),
    "aws_vpc_endpoint": _endpoint,
}
