"""ElastiCache parameter groups and the parameters that were set in them."""

from collections.abc import Iterator

from moto.core.common_models import BaseModel
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException, InvalidParameterValueException
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from ..registry import extended

FAMILIES = (
    "memcached1.4",
    "memcached1.5",
    "memcached1.6",
    "redis4.0",
    "redis5.0",
    "redis6.x",
    "redis7",
    "valkey7",
    "valkey8",
)


class CacheParameterGroup(BaseModel):
    def __init__(self, *, arn: str, name: str, family: str, description: str) -> None:
        self.arn = arn
        self.cache_parameter_group_name = name
        self.cache_parameter_group_family = family
        self.description = description
        self.is_global = False
        self.values: dict[str, str] = {}

    @property
    def parameters(self) -> list[dict[str, object]]:
        return [
            {
                "ParameterName": name,
                "ParameterValue": value,
                "Source": "user",
                "DataType": "string",
                "IsModifiable": True,
                "ChangeType": "immediate",
            }
            for name, value in self.values.items()
        ]


class ParameterGroupBackend(ElastiCacheBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.parameter_groups: dict[str, CacheParameterGroup] = {}

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        yield from super().iter_tagged_resources()
        for group in self.parameter_groups.values():
            tags = self.tagging_service.get_tag_dict_for_resource(group.arn)
            yield TaggedResource(group.arn, tags, "elasticache:parametergroup")

    def create_cache_parameter_group(
        self, name: str, family: str, description: str, tags: list[dict[str, str]] | None
    ) -> CacheParameterGroup:
        if name in self.parameter_groups:
            raise ElastiCacheException(
                "CacheParameterGroupAlreadyExists",
                f"A cache parameter group named {name} already exists.",
            )
        if family not in FAMILIES:
            raise InvalidParameterValueException(
                f"CacheParameterGroupFamily {family} is not a valid parameter group family."
            )
        group = CacheParameterGroup(
            arn=f"arn:{self.partition}:elasticache:{self.region_name}:{self.account_id}"
            f":parametergroup:{name}",
            name=name,
            family=family,
            description=description,
        )
        self.parameter_groups[name] = group
        self.tagging_service.tag_resource(group.arn, tags)
        return group

    def describe_cache_parameter_groups(self, name: str | None) -> list[CacheParameterGroup]:
        if name is None:
            return list(self.parameter_groups.values())
        return [self.parameter_group(name)]

    def parameter_group(self, name: str) -> CacheParameterGroup:
        try:
            return self.parameter_groups[name]
        except KeyError:
            raise ElastiCacheException(
                "CacheParameterGroupNotFound", f"CacheParameterGroup not found: {name}"
            ) from None

    def modify_cache_parameter_group(self, name: str, values: list[dict[str, str]]) -> None:
        group = self.parameter_group(name)
        for value in values:
            group.values[value["ParameterName"]] = value["ParameterValue"]

    def reset_cache_parameter_group(
        self, name: str, values: list[dict[str, str]], reset_all: bool
    ) -> None:
        group = self.parameter_group(name)
        for key in list(group.values) if reset_all else [v["ParameterName"] for v in values]:
            group.values.pop(key, None)

    def delete_cache_parameter_group(self, name: str) -> None:
        group = self.parameter_group(name)
        if any(
            used.cache_parameter_group_name == name for used in self.replication_groups.values()
        ):
            raise ElastiCacheException(
                "InvalidCacheParameterGroupState", f"One or more cache clusters still use {name}."
            )
        del self.parameter_groups[name]
        self.tagging_service.delete_all_tags_for_resource(group.arn)


class ParameterGroupResponse(ElastiCacheResponse):
    @property
    def parameter_groups(self) -> ParameterGroupBackend:
        return extended(self.elasticache_backend, ParameterGroupBackend)

    def create_cache_parameter_group(self) -> ActionResult:
        group = self.parameter_groups.create_cache_parameter_group(
            self._get_param("CacheParameterGroupName"),
            self._get_param("CacheParameterGroupFamily"),
            self._get_param("Description"),
            self._get_param("Tags"),
        )
        return ActionResult({"CacheParameterGroup": group})

    def describe_cache_parameter_groups(self) -> ActionResult:
        groups = self.parameter_groups.describe_cache_parameter_groups(
            self._get_param("CacheParameterGroupName")
        )
        return ActionResult({"CacheParameterGroups": groups})

    def describe_cache_parameters(self) -> ActionResult:
        """Only the parameters that were set: the emulator has no list of an engine's defaults."""
        group = self.parameter_groups.parameter_group(self._get_param("CacheParameterGroupName"))
        includes_user = self._get_param("Source") in (None, "user")
        return ActionResult({"Parameters": group.parameters if includes_user else []})

    def modify_cache_parameter_group(self) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        self.parameter_groups.modify_cache_parameter_group(
            name, self._get_param("ParameterNameValues", [])
        )
        return ActionResult({"CacheParameterGroupName": name})

    def reset_cache_parameter_group(self) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        self.parameter_groups.reset_cache_parameter_group(
            name,
            self._get_param("ParameterNameValues", []),
            bool(self._get_bool_param("ResetAllParameters")),
        )
        return ActionResult({"CacheParameterGroupName": name})

    def delete_cache_parameter_group(self) -> ActionResult:
        self.parameter_groups.delete_cache_parameter_group(
            self._get_param("CacheParameterGroupName")
        )
        return EmptyResult()
