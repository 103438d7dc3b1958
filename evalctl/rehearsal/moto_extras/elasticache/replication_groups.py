"""ElastiCache replication groups: members, changes and deletion."""

from moto.elasticache.exceptions import InvalidParameterCombinationException
from moto.elasticache.models import ReplicationGroup

from .members import MemberCluster
from .parameter_groups import ParameterGroupBackend
from .subnet_groups import SubnetGroupBackend
from .users import UserBackend


class ReplicationGroupBackend(ParameterGroupBackend, SubnetGroupBackend, UserBackend):
    def complete_replication_group(self, group_id: str, num_cache_clusters: int | None) -> None:
        """Add the members and settings that AWS gives a new group and moto does not."""
        group = self.replication_group(group_id)
        self._check(group)
        if group.transit_encryption_enabled and not group.transit_encryption_mode:
            group.transit_encryption_mode = "required"
        for user_group_id in group.user_group_ids:
            self.user_group(user_group_id).replication_groups.append(group_id)
        if group.cluster_mode == "enabled":
            for id_, zone in _members_of_shards(group):
                self._add_member(group, id_, zone)
        else:
            self.set_members(group, num_cache_clusters or len(group.member_clusters))

    def _check(self, group: ReplicationGroup) -> None:
        """The resources that the group refers to must exist; AWS checks that first."""
        try:
            if group.cache_subnet_group_name:
                self.subnet_group(group.cache_subnet_group_name)
            name = group.cache_parameter_group_name
            if name and not name.startswith("default."):
                self.parameter_group(name)
            for user_group_id in group.user_group_ids:
                self.user_group(user_group_id)
            if group.multi_az == "enabled" and group.automatic_failover != "enabled":
                raise InvalidParameterCombinationException(
                    "Must enable automatic failover to enable multi-AZ"
                )
        except Exception:
            del self.replication_groups[group.replication_group_id]
            raise

    def replication_group(self, group_id: str) -> ReplicationGroup:
        return self.describe_replication_groups(group_id)[0]

    def set_members(self, group: ReplicationGroup, count: int) -> None:
        """Set one primary and its replicas, spread over the zones of the subnet group."""
        id_ = group.replication_group_id
        zones = self._zones(group)
        endpoint = str(group.node_groups[0]["primary_endpoint_address"])
        domain = endpoint.partition(".")[2]
        for old in group.member_clusters:
            self.cache_clusters.pop(old, None)
        group.member_clusters[:] = [f"{id_}-{number:0>3}" for number in range(1, count + 1)]
        shard = group.node_groups[0]
        shard["reader_endpoint"] = {"address": f"replica.{domain}", "port": group.port}
        shard["node_group_members"] = [
            {
                "cache_cluster_id": member,
                "cache_node_id": "0001",
                "read_endpoint": {"address": f"{member}.{domain}", "port": group.port},
                "preferred_availability_zone": zones[index % len(zones)],
                "current_role": "replica" if index else "primary",
            }
            for index, member in enumerate(group.member_clusters)
        ]
        for index, member in enumerate(group.member_clusters):
            self._add_member(group, member, zones[index % len(zones)])

    def _add_member(self, group: ReplicationGroup, id_: str, zone: str) -> None:
        self.cache_clusters[id_] = MemberCluster(group=group, cache_cluster_id=id_, zone=zone)

    def _zones(self, group: ReplicationGroup) -> list[str]:
        subnet_group = self.cache_subnet_groups.get(group.cache_subnet_group_name or "")
        subnets = subnet_group.subnets if subnet_group else []
        # A subnet that does not exist in the emulated EC2 has no zone.
        zones = {subnet.get("subnet_availability_zone") for subnet in subnets} - {None}
        return sorted(str(zone) for zone in zones) or [f"{self.region_name}a"]

    def change_settings(self, group_id: str, settings: dict[str, object]) -> ReplicationGroup:
        """Set attributes of moto's model, at once: the emulator has no maintenance windows."""
        group = self.replication_group(group_id)
        vars(group).update(settings)
        return group

    def change_user_groups(self, group_id: str, add: list[str], remove: list[str]) -> None:
        group = self.replication_group(group_id)
        for user_group_id in remove:
            self.user_group(user_group_id).replication_groups.remove(group_id)
        for user_group_id in add:
            self.user_group(user_group_id).replication_groups.append(group_id)
        remaining = [id_ for id_ in group.user_group_ids if id_ not in remove]
        group.user_group_ids = remaining + add

    def change_logs(self, group_id: str, requested: list[dict[str, object]]) -> None:
        group = self.replication_group(group_id)
        logs = {log["LogType"]: log for log in group.log_delivery_configurations}
        for log in requested:
            if log.get("Enabled") is False:
                logs.pop(log["LogType"], None)
            else:
                logs[log["LogType"]] = {**log, "Status": "active"}
        group.log_delivery_configurations = list(logs.values())

    def remove_replication_group(
        self, group_id: str, final_snapshot: str | None
    ) -> ReplicationGroup:
        group = self.replication_group(group_id)
        if final_snapshot:
            self.create_snapshot(final_snapshot, group_id, None, group.kms_key_id, None)
        self.change_user_groups(group_id, [], list(group.user_group_ids))
        for member in group.member_clusters:
            self.cache_clusters.pop(member, None)
        del self.replication_groups[group_id]
        self.tagging_service.delete_all_tags_for_resource(group.arn)
        group.status = "deleting"
        return group


def _members_of_shards(group: ReplicationGroup) -> list[tuple[str, str]]:
    return [
        (str(member["cache_cluster_id"]), str(member["preferred_availability_zone"]))
        for shard in group.node_groups
        for member in shard["node_group_members"]
    ]
