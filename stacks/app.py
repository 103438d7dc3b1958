"""The stacks of every environment in the order in which they are applied; cdktf's entry point."""

from collections.abc import Iterable
from pathlib import Path

import cdktf

from environments.spec import Environment
from stacks.network import NetworkStack


def build(environments: Iterable[Environment], *, outdir: Path | None = None) -> cdktf.App:
    """An app with every stack of these environments. `outdir` is given by cdktf's CLI when None.

    cdktf turns an attribute of one stack that is handed to another into an output and a remote-state
    lookup, and orders `cdktf deploy` by it.
    """
    app = cdktf.App(
        outdir=None if outdir is None else str(outdir),
        context={"excludeStackIdFromLogicalIds": "true", "allowSepCharsInLogicalIds": "true"},
    )
    for env in environments:
        _add_stacks(app, env)
    return app


def _add_stacks(app: cdktf.App, env: Environment) -> None:
    NetworkStack(app, env=env)


if __name__ == "__main__":
    from environments import ENVIRONMENTS
    from environments.rules import require_sound

    require_sound(ENVIRONMENTS)
    build(ENVIRONMENTS).synth()
