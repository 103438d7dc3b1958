"""Operations on ElastiCache replication groups."""

from moto.core.responses import ActionResult
from moto.elasticache.responses import ElastiCacheResponse

from ..registry import extended
from .replication_groups import ReplicationGroupBackend

# A setting's name in ModifyReplicationGroup → its name in moto's model.
_SETTINGS = {
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "CacheNodeType": "cache_node_type",
    "CacheParameterGroupName": "cache_parameter_group_name",
    "Engine": "engine",
    "EngineVersion": "engine_version",
    "IpDiscovery": "ip_discovery",
    "NotificationTopicArn": "notification_topic_arn",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "ReplicationGroupDescription": "description",
    "SecurityGroupIds": "security_group_ids",
    "SnapshotRetentionLimit": "snapshot_retention_limit",
    "SnapshotWindow": "snapshot_window",
    "TransitEncryptionEnabled": "transit_encryption_enabled",
    "TransitEncryptionMode": "transit_encryption_mode",
}
_SWITCHES = {"AutomaticFailoverEnabled": "automatic_failover", "MultiAZEnabled": "multi_az"}


class ReplicationGroupResponse(ElastiCacheResponse):
    @property
    def groups(self) -> ReplicationGroupBackend:
        return extended(self.elasticache_backend, ReplicationGroupBackend)

    def create_replication_group(self) -> ActionResult:
        result = super().create_replication_group()
        self.groups.complete_replication_group(
            self._group_id(), self._get_int_param("NumCacheClusters")
        )
        return result

    def modify_replication_group(self) -> ActionResult:
        id_ = self._group_id()
        given = {
            attribute: self._get_param(name)
            for name, attribute in _SETTINGS.items()
            if self._get_param(name) is not None
        } | {
            attribute: "enabled" if self._get_bool_param(name) else "disabled"
            for name, attribute in _SWITCHES.items()
            if self._get_param(name) is not None
        }
        group = self.groups.change_settings(id_, given)
        remove = self._get_param("UserGroupIdsToRemove", [])
        if self._get_bool_param("RemoveUserGroups"):
            remove = list(group.user_group_ids)
        self.groups.change_user_groups(id_, self._get_param("UserGroupIdsToAdd", []), remove)
        self.groups.change_logs(id_, self._get_param("LogDeliveryConfigurations", []))
        return ActionResult({"ReplicationGroup": group})

    def increase_replica_count(self) -> ActionResult:
        return self._set_replicas()

    def decrease_replica_count(self) -> ActionResult:
        return self._set_replicas()

    def _set_replicas(self) -> ActionResult:
        group = self.groups.replication_group(self._group_id())
        self.groups.set_members(group, 1 + self._get_param("NewReplicaCount"))
        return ActionResult({"ReplicationGroup": group})

    def delete_replication_group(self) -> ActionResult:
        group = self.groups.remove_replication_group(
            self._group_id(), self._get_param("FinalSnapshotIdentifier")
        )
        return ActionResult({"ReplicationGroup": group})

    def _group_id(self) -> str:
        return str(self._get_param("ReplicationGroupId"))
