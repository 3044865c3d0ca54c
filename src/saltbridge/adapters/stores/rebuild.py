"""Works the stored subtrees of a log out anew, from its leaves: the help after a restore.

The only place that writes into rows of the log, and only what follows from the others: no
leaf, no time and no document is touched. Where anything else is not as it was written nothing
is done, since a new digest would bless the change.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, text, update

from saltbridge.adapters.stores.row_digest import Row, leaf_row_digest
from saltbridge.adapters.stores.schema import log_leaves
from saltbridge.adapters.stores.sql_log import whole_leaf
from saltbridge.core.errors import Refused
from saltbridge.core.finding import finding
from saltbridge.trust.log import Edge

_PAGE = 2000


def rebuild_nodes(connection: Connection) -> int:
    """Write every stored subtree anew that is not the tree's, within the caller's transaction.

    Returns how many leaves held other subtrees than they should.

    Raises:
        Refused: leaves are missing, or one of them is not as it was written.
    """
    edge = Edge()
    changed: list[dict[str, Any]] = []
    pages = connection.execute(
        select(log_leaves).order_by(log_leaves.c.leaf_index),
        execution_options={"yield_per": _PAGE},
    ).mappings()
    for row in pages:
        position = edge.size
        nodes = b"".join(edge.append(row["leaf_hash"]))
        if row["leaf_index"] != position or not _only_nodes_differ(row, nodes):
            raise Refused([finding("store.log-damaged", index=position)])
        if nodes != row["nodes"]:
            row_digest = leaf_row_digest(position, row["leaf_hash"], nodes, row["written_at"])
            changed.append({"at": position, "nodes": nodes, "row_digest": row_digest})
    if changed:
        _write(connection, changed)
    return len(changed)


def _only_nodes_differ(row: Row, nodes: bytes) -> bool:
    """Whether the row is whole as it is, or would be with the right subtrees in it."""
    return whole_leaf(row) or whole_leaf({**row, "nodes": nodes})


def _write(connection: Connection, changed: Sequence[dict[str, Any]]) -> None:
    """Change the rows with the guard away; it is put back as it was."""
    statement = update(log_leaves).where(log_leaves.c.leaf_index == bindparam("at"))
    if connection.dialect.name == "postgresql":
        guard = "TRIGGER log_leaves_append_only"
        connection.execute(text(f"ALTER TABLE log_leaves DISABLE {guard}"))
        connection.execute(statement, changed)
        connection.execute(text(f"ALTER TABLE log_leaves ENABLE {guard}"))
        return
    name = "log_leaves_no_update"
    guard = connection.execute(
        text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}
    ).scalar_one()
    connection.execute(text(f"DROP TRIGGER {name}"))
    connection.execute(statement, changed)
    connection.exec_driver_sql(guard)
