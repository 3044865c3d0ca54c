"""Documents of a batch stored as their difference from a base they share.

No row is written anew: what was stored stays unpacked and is read as before.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_Key = sa.String().with_variant(sa.String(collation="C"), "postgresql")

_SQLITE_GUARDS = (
    """CREATE TRIGGER bases_no_update BEFORE UPDATE ON bases
       BEGIN SELECT RAISE(ABORT, 'a base never changes'); END""",
)

_POSTGRES_GUARDS = (
    """CREATE TRIGGER bases_no_update BEFORE UPDATE ON bases
       FOR EACH STATEMENT EXECUTE FUNCTION saltbridge_forbidden()""",
)


def upgrade() -> None:
    connection = op.get_bind()
    op.execute("DROP VIEW current_records")
    for name in ("records", "releases"):
        op.add_column(name, sa.Column("packing", sa.BigInteger))
    op.create_table(
        "bases",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("decision_id", _Key, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("packing", sa.BigInteger),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("written_at", sa.String, nullable=False),
        sa.Column("row_digest", sa.LargeBinary, nullable=False),
    )
    op.execute(
        """CREATE VIEW current_records AS
           SELECT r.kind, r.id, r.version, r.body, r.digest, r.written_at, r.row_digest,
                  r.packing
           FROM records AS r
           WHERE r.version = (SELECT MAX(newest.version) FROM records AS newest
                              WHERE newest.kind = r.kind AND newest.id = r.id)"""
    )
    postgres = connection.dialect.name == "postgresql"
    for statement in _POSTGRES_GUARDS if postgres else _SQLITE_GUARDS:
        op.execute(sa.text(statement))


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back: restore the backup instead")
