"""Subtrees of the log stored with its leaves; a digest over every row.

The tables are written anew: SQLite adds no column without a default, and every row gets its
digest on the way. The position of an outbox entry is given by the store from now on, since
the digest is over it. What was damaged before is carried over as it is, for the audit to find.

Revision ID: 0002
"""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from saltbridge.adapters.stores.row_digest import leaf_row_digest, sealed
from saltbridge.trust.log import Edge

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BATCH = 1000
_Key = sa.String().with_variant(sa.String(collation="C"), "postgresql")

_SQLITE_GUARDS = (
    """CREATE TRIGGER log_leaves_no_update BEFORE UPDATE ON log_leaves
       BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
    """CREATE TRIGGER log_leaves_no_delete BEFORE DELETE ON log_leaves
       BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END""",
    """CREATE TRIGGER log_leaves_gapless BEFORE INSERT ON log_leaves
       WHEN NEW.leaf_index IS NOT
            (SELECT COALESCE(MAX(leaf_index) + 1, 0) FROM log_leaves)
       BEGIN SELECT RAISE(ABORT, 'the log has no gaps'); END""",
    """CREATE TRIGGER releases_no_update BEFORE UPDATE ON releases
       BEGIN SELECT RAISE(ABORT, 'a release never changes'); END""",
    """CREATE TRIGGER records_no_update BEFORE UPDATE ON records
       BEGIN SELECT RAISE(ABORT, 'a version never changes'); END""",
)

_POSTGRES_GUARDS = (
    """CREATE TRIGGER log_leaves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_leaves
       FOR EACH STATEMENT EXECUTE FUNCTION saltbridge_forbidden()""",
    """CREATE TRIGGER log_leaves_gapless BEFORE INSERT ON log_leaves
       FOR EACH ROW EXECUTE FUNCTION saltbridge_gapless()""",
    """CREATE TRIGGER releases_no_update BEFORE UPDATE ON releases
       FOR EACH STATEMENT EXECUTE FUNCTION saltbridge_forbidden()""",
    """CREATE TRIGGER records_no_update BEFORE UPDATE ON records
       FOR EACH STATEMENT EXECUTE FUNCTION saltbridge_forbidden()""",
    """DO $$ BEGIN
         ALTER TABLE records ALTER COLUMN body SET COMPRESSION lz4;
         ALTER TABLE releases ALTER COLUMN content SET COMPRESSION lz4;
       EXCEPTION WHEN feature_not_supported THEN NULL;
       END $$""",
)

_COLUMNS: dict[str, tuple[Any, ...]] = {
    "records": (
        sa.Column("kind", _Key, primary_key=True),
        sa.Column("id", _Key, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("written_at", sa.String, nullable=False),
        sa.Column("row_digest", sa.LargeBinary, nullable=False),
    ),
    "releases": (
        sa.Column("digest", _Key, primary_key=True),
        sa.Column("decision_id", _Key, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("audience", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("written_at", sa.String, nullable=False),
        sa.Column("row_digest", sa.LargeBinary, nullable=False),
    ),
    "log_leaves": (
        sa.Column("leaf_index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("body_digest", sa.String, nullable=False),
        sa.Column("salt", sa.String, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.Column("nodes", sa.LargeBinary, nullable=False),
        sa.Column("written_at", sa.String, nullable=False),
        sa.Column("row_digest", sa.LargeBinary, nullable=False),
    ),
    "outbox": (
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", _Key, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("ordering_key", _Key, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.String),
        sa.Column("last_error", sa.String, nullable=False),
        sa.Column("row_digest", sa.LargeBinary, nullable=False),
    ),
}


def upgrade() -> None:
    connection = op.get_bind()
    op.execute("DROP VIEW current_records")
    op.drop_index("outbox_order", table_name="outbox")
    for name, columns in _COLUMNS.items():
        op.rename_table(name, f"{name}_0001")
        new = op.create_table(name, *columns)
        old = sa.Table(f"{name}_0001", sa.MetaData(), autoload_with=connection)
        order = list(old.primary_key.columns)
        rows = connection.execute(
            sa.select(old).order_by(*order), execution_options={"yield_per": _BATCH}
        ).mappings()
        carry = _leaves(rows) if name == "log_leaves" else _rows(name, rows)
        batch: list[dict[str, Any]] = []
        for row in carry:
            batch.append(row)
            if len(batch) == _BATCH:
                connection.execute(sa.insert(new), batch)
                batch.clear()
        if batch:
            connection.execute(sa.insert(new), batch)
        op.drop_table(f"{name}_0001")
    op.create_index("outbox_order", "outbox", ["ordering_key", "position"])
    op.create_table(
        "store_facts",
        sa.Column("name", _Key, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
        sa.Column("row_digest", sa.LargeBinary, nullable=False),
    )
    op.execute(
        """CREATE VIEW current_records AS
           SELECT r.kind, r.id, r.version, r.body, r.digest, r.written_at, r.row_digest
           FROM records AS r
           WHERE r.version = (SELECT MAX(newest.version) FROM records AS newest
                              WHERE newest.kind = r.kind AND newest.id = r.id)"""
    )
    postgres = connection.dialect.name == "postgresql"
    for statement in _POSTGRES_GUARDS if postgres else _SQLITE_GUARDS:
        op.execute(sa.text(statement))


def _rows(name: str, rows: Any) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield sealed(name, row)


def _leaves(rows: Any) -> Iterator[dict[str, Any]]:
    """Every leaf with the subtrees it completes, worked out from the leaves before it."""
    edge = Edge()
    for row in rows:
        nodes = b"".join(edge.append(row["leaf_hash"]))
        row_digest = leaf_row_digest(
            row["leaf_index"], row["leaf_hash"], nodes, row["written_at"]
        )
        yield {**row, "nodes": nodes, "row_digest": row_digest}


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back: restore the backup instead")
