"""`AWS::ElastiCache::User` in CloudFormation templates."""

from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.elasticache.models import elasticache_backends

from ..registry import extended
from .cloudformation_references import resolve
from .users import UserBackend


class CloudFormationUser(CloudFormationModel):
    """An ElastiCache user that a CloudFormation stack owns."""

    def __init__(self, user_id: str) -> None:
        self.physical_resource_id = user_id

    @staticmethod
    def cloudformation_name_type() -> str:
        return "UserId"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::ElastiCache::User"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr in ("Arn", "Status")

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> "CloudFormationUser":
        properties = cloudformation_json["Properties"]
        passwords = _passwords(properties, account_id, region_name)
        open_ = bool(properties.get("NoPasswordRequired"))
        _backend(account_id, region_name).create_user(
            user_id=resource_name,
            user_name=properties["UserName"],
            engine=properties["Engine"],
            passwords=passwords,
            access_string=properties.get("AccessString", ""),
            no_password_required=open_,
            authentication_type="no-password-required" if open_ else "password",
            tags=properties.get("Tags"),
        )
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: "CloudFormationUser",
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "CloudFormationUser":
        properties = cloudformation_json["Properties"]
        _backend(account_id, region_name).modify_user(
            original_resource.physical_resource_id,
            access_string=properties.get("AccessString"),
            append_access_string=None,
            passwords=_passwords(properties, account_id, region_name) or None,
            engine=properties["Engine"],
        )
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> None:
        _backend(account_id, region_name).remove_user(resource_name)


def _backend(account_id: str, region_name: str) -> UserBackend:
    return extended(elasticache_backends[account_id][region_name], UserBackend)


def _passwords(properties: dict[str, Any], account_id: str, region_name: str) -> list[str]:
    return [
        resolve(password, account_id=account_id, region_name=region_name)
        for password in properties.get("Passwords", [])
    ]
