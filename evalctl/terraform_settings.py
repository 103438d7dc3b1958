"""The variables with which terraform and cdktf run: one provider, with the committed hashes."""

import os
import shlex
from pathlib import Path

from environments.names import CLI_CONFIGURATION

MIRROR_VARIABLE = "TF_PROVIDER_MIRROR"

_ROOT = Path(__file__).parents[1]


def variables() -> dict[str, str]:
    """`terraform init` installs hashicorp/aws only, and never changes the lock file.

    TF_PROVIDER_MIRROR names a folder with the provider, for a machine without access to a registry.
    """
    init = ["-lockfile=readonly"]
    if mirror := os.environ.get(MIRROR_VARIABLE):
        # In place of every other source, so it installs nothing that the folder does not hold.
        init.append(f"-plugin-dir={mirror}")
    return {
        "TF_CLI_CONFIG_FILE": str(_ROOT / CLI_CONFIGURATION),
        "TF_CLI_ARGS_init": shlex.join(init),
    }
