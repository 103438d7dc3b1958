"""Names for the snapshot that a data store leaves behind when it is destroyed."""

import cdktf
import constructs

from environments.names import Names


def final_snapshot_name(
    scope: constructs.Construct, id_: str, *, names: Names, role: str, replaced_with: dict[str, str]
) -> str:
    """A name that differs each time the store is created.

    AWS refuses to delete a store if its final snapshot exists already, so a fixed name would stop the
    second teardown. This name ends in a random id, which is kept in the state. It changes when the
    stack is created again, or when a value of `replaced_with` changes, which replaces the store.
    """
    life = cdktf.DataResource(scope, id_, triggers_replace=replaced_with)
    return f"{names.aws(role)}-final-{cdktf.Fn.substr(life.id, 0, 8)}"
