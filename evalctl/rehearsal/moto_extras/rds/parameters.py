"""RDS parameter groups: who set a parameter, without which clients take it for a default."""

from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse


class ParameterResponse(RDSResponse):
    def describe_db_parameters(self) -> ActionResult:
        """Those that were set. What the engine has by itself is not known here."""
        result = super().describe_db_parameters().result
        assert isinstance(result, dict)
        shown = self.params.get("Source") in (None, "user")
        parameters = [
            {"Source": "user", "DataType": "string", "IsModifiable": True, **parameter}
            for parameter in result["Parameters"]
            if shown
        ]
        return ActionResult({"Parameters": parameters})

    def reset_db_parameter_group(self) -> ActionResult:
        name = self.params["DBParameterGroupName"]
        group = self.backend.describe_db_parameter_groups({"db_parameter_group_name": name})[0]
        for parameter in self.params.get("Parameters", []):
            group.parameters.pop(parameter["ParameterName"], None)
        if self.params.get("ResetAllParameters"):
            group.parameters.clear()
        return ActionResult({"DBParameterGroupName": name})
