"""Names for the snapshot that a data store leaves behind when it is destroyed."""

import cdktf
import constructs

from environments.names import Names


def final_snapshot_name(
    scope: constructs.Construct, id_: str, *, names: Names, role: str, replaced_with: dict[str, str]
) -> str:
    """A name that is new in every life of the store.

    AWS refuses to delete a store whose final snapshot exists already, so a fixed name would stop the
    second teardown. This one ends in a random id, which is kept in the state and drawn anew when the
    stack is created again, or when one of `replaced_with` changes: what replaces the store.
    """
    life = cdktf.DataResource(scope, id_, triggers_replace=replaced_with)
    return f"{names.aws(role)}-final-{cdktf.Fn.substr(life.id, 0, 8)}"
