"""EC2 launch templates: the template's own tags are separate from the tags of launched resources."""

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response


class LaunchTemplateResponse(EC2Response):
    def create_launch_template(self) -> ActionResult:
        """moto adds the request's tag specification to the template's data."""
        result = super().create_launch_template()
        name = self._get_param("LaunchTemplateName")
        data = self.ec2_backend.get_launch_template_by_name(name).default_version().data
        specifications = [
            specification
            for specification in data.pop("TagSpecifications", [])
            if specification["ResourceType"] != "launch-template"
        ]
        if specifications:
            data["TagSpecifications"] = specifications
        return result
