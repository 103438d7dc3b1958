"""RDS parameter groups: the source of each parameter; clients read one without a source as a default."""

from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse


class ParameterResponse(RDSResponse):
    def describe_db_parameters(self) -> ActionResult:
        """Only the parameters that were set: the emulator has no list of an engine's defaults."""
        result = super().describe_db_parameters().result
        assert isinstance(result, dict)
        includes_user = self.params.get("Source") in (None, "user")
        parameters = [
            {"Source": "user", "DataType": "string", "IsModifiable": True, **parameter}
            for parameter in result["Parameters"]
            if includes_user
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
