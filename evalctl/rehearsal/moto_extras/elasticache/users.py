"""ElastiCache users and user groups."""

from collections.abc import Iterator

from moto.core.common_models import BaseModel
from moto.core.resource_tagging import TaggedResource
from moto.core.responses import ActionResult
from moto.elasticache.exceptions import (
    ElastiCacheException,
    PasswordTooShort,
    UserNotFound,
)
from moto.elasticache.models import ElastiCacheBackend, User
from moto.elasticache.responses import ElastiCacheResponse

from ..registry import extended

SHORTEST_PASSWORD = 16


class UserGroup(BaseModel):
    def __init__(self, *, arn: str, user_group_id: str, engine: str, user_ids: list[str]) -> None:
        self.arn = arn
        self.user_group_id = user_group_id
        self.engine = engine
        self.user_ids = user_ids
        self.status = "active"
        self.minimum_engine_version = "7.2" if engine == "valkey" else "6.0"
        self.replication_groups: list[str] = []


class UserBackend(ElastiCacheBackend):
    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.user_groups: dict[str, UserGroup] = {}

    def iter_tagged_resources(self) -> Iterator[TaggedResource]:
        yield from super().iter_tagged_resources()
        for group in self.user_groups.values():
            tags = self.tagging_service.get_tag_dict_for_resource(group.arn)
            yield TaggedResource(group.arn, tags, "elasticache:usergroup")

    def modify_user(
        self,
        user_id: str,
        *,
        access_string: str | None,
        append_access_string: str | None,
        passwords: list[str] | None,
        engine: str | None,
    ) -> User:
        user = self._user(user_id)
        if access_string is not None:
            user.access_string = access_string
        if append_access_string is not None:
            user.access_string = f"{user.access_string} {append_access_string}"
        if passwords is not None:
            if any(len(password) < SHORTEST_PASSWORD for password in passwords):
                raise PasswordTooShort
            user.passwords = passwords
        user.engine = engine or user.engine
        return user

    def _user(self, user_id: str) -> User:
        try:
            return self.users[user_id]
        except KeyError:
            raise UserNotFound(user_id) from None

    def remove_user(self, user_id: str) -> None:
        """Delete the user at once, and remove it from every group."""
        user = self._user(user_id)
        for group_id in user.user_group_ids:
            self.user_groups[group_id].user_ids.remove(user_id)
        del self.users[user_id]
        self.tagging_service.delete_all_tags_for_resource(user.arn)

    def create_user_group(
        self,
        user_group_id: str,
        engine: str,
        user_ids: list[str],
        tags: list[dict[str, str]] | None,
    ) -> UserGroup:
        if user_group_id in self.user_groups:
            raise ElastiCacheException(
                "UserGroupAlreadyExists", f"User Group {user_group_id} already exists."
            )
        group = UserGroup(
            arn=f"arn:{self.partition}:elasticache:{self.region_name}:{self.account_id}"
            f":usergroup:{user_group_id}",
            user_group_id=user_group_id,
            engine=engine,
            user_ids=[],
        )
        self._set_users(group, user_ids)
        self.user_groups[user_group_id] = group
        self.tagging_service.tag_resource(group.arn, tags)
        return group

    def _set_users(self, group: UserGroup, user_ids: list[str]) -> None:
        users = [self._user(user_id) for user_id in user_ids]
        # Valkey requires no default user; without one, a client without a user name is refused.
        if group.engine == "redis" and "default" not in [user.name for user in users]:
            raise ElastiCacheException(
                "DefaultUserRequired", "User group must contain a default user."
            )
        for user_id in group.user_ids:
            self._user(user_id).user_group_ids.remove(group.user_group_id)
        for user in users:
            user.user_group_ids.append(group.user_group_id)
        group.user_ids = user_ids

    def user_group(self, user_group_id: str) -> UserGroup:
        try:
            return self.user_groups[user_group_id]
        except KeyError:
            raise ElastiCacheException(
                "UserGroupNotFound", f"User Group {user_group_id} not found."
            ) from None

    def describe_user_groups(self, user_group_id: str | None) -> list[UserGroup]:
        if user_group_id is None:
            return list(self.user_groups.values())
        return [self.user_group(user_group_id)]

    def modify_user_group(
        self,
        user_group_id: str,
        *,
        user_ids_to_add: list[str],
        user_ids_to_remove: list[str],
        engine: str | None,
    ) -> UserGroup:
        group = self.user_group(user_group_id)
        group.engine = engine or group.engine
        remaining = [user_id for user_id in group.user_ids if user_id not in user_ids_to_remove]
        self._set_users(group, remaining + user_ids_to_add)
        return group

    def delete_user_group(self, user_group_id: str) -> UserGroup:
        group = self.user_group(user_group_id)
        if group.replication_groups:
            raise ElastiCacheException(
                "InvalidUserGroupState",
                f"User Group {user_group_id} is attached to a replication group.",
            )
        for user_id in group.user_ids:
            self._user(user_id).user_group_ids.remove(user_group_id)
        del self.user_groups[user_group_id]
        self.tagging_service.delete_all_tags_for_resource(group.arn)
        group.status = "deleting"
        return group


class UserResponse(ElastiCacheResponse):
    @property
    def users(self) -> UserBackend:
        return extended(self.elasticache_backend, UserBackend)

    def modify_user(self) -> ActionResult:
        mode = self._get_param("AuthenticationMode") or {}
        user = self.users.modify_user(
            self._get_param("UserId"),
            access_string=self._get_param("AccessString"),
            append_access_string=self._get_param("AppendAccessString"),
            passwords=self._get_param("Passwords") or mode.get("Passwords"),
            engine=self._get_param("Engine"),
        )
        return ActionResult(user)

    def create_user_group(self) -> ActionResult:
        group = self.users.create_user_group(
            self._get_param("UserGroupId"),
            self._get_param("Engine").lower(),
            self._get_param("UserIds", []),
            self._get_param("Tags"),
        )
        return ActionResult(group)

    def describe_user_groups(self) -> ActionResult:
        groups = self.users.describe_user_groups(self._get_param("UserGroupId"))
        return ActionResult({"UserGroups": groups})

    def modify_user_group(self) -> ActionResult:
        group = self.users.modify_user_group(
            self._get_param("UserGroupId"),
            user_ids_to_add=self._get_param("UserIdsToAdd", []),
            user_ids_to_remove=self._get_param("UserIdsToRemove", []),
            engine=self._get_param("Engine"),
        )
        return ActionResult(group)

    def delete_user_group(self) -> ActionResult:
        return ActionResult(self.users.delete_user_group(self._get_param("UserGroupId")))
