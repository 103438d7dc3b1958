"""Descriptions of EC2 security group rules that refer to another group or to a prefix list."""

from moto.core.responses import ActionResult
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses import EC2Response


class SecurityGroupRuleResponse(EC2Response):
    def authorize_security_group_ingress(self) -> ActionResult:
        return self._described(super().authorize_security_group_ingress())

    def authorize_security_group_egress(self) -> ActionResult:
        return self._described(super().authorize_security_group_egress())

    def _described(self, result: ActionResult) -> ActionResult:
        """moto reads a rule's description from its address range only."""
        assert isinstance(result.result, dict)
        for rule in result.result["SecurityGroupRules"]:
            description = self._description(rule)
            if description:
                rule.ip_range.setdefault("Description", description)
        return result

    def _description(self, rule: SecurityGroupRule) -> str | None:
        if rule.source_group:
            return rule.source_group.get("Description")
        for permission in self._get_param("IpPermissions", []):
            for prefix_list in permission.get("PrefixListIds", []):
                if prefix_list["PrefixListId"] == rule.prefix_list_id:
                    return str(prefix_list.get("Description", ""))
        return None
