"""`evalctl terraform-settings`: what a shell needs before a person or a pipeline runs terraform."""

import shlex

from evalctl import terraform_settings


def command() -> None:
    """Print the variables with which terraform and cdktf run here.

    A shell takes them over by `source <(evalctl terraform-settings)`. With them, `terraform init` installs the AWS provider only, with the hashes in
    stacks/terraform.lock.hcl, whatever provider a state names (docs/decisions/0014).

    Example: source <(evalctl terraform-settings)
    """
    for name, value in terraform_settings.variables().items():
        print(f"export {name}={shlex.quote(value)}")
