"""Records with history, releases, log leaves, outbox.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

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
    """CREATE FUNCTION saltbridge_forbidden() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN RAISE EXCEPTION '% on % is forbidden', TG_OP, TG_TABLE_NAME; END $$""",
    """CREATE FUNCTION saltbridge_gapless() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN
         IF NEW.leaf_index <> (SELECT COALESCE(MAX(leaf_index) + 1, 0) FROM log_leaves)
         THEN RAISE EXCEPTION 'the log has no gaps'; END IF;
         RETURN NEW;
       END $$""",
    """CREATE TRIGGER log_leaves_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_leaves
       FOR EACH STATEMENT EXECUTE FUNCTION saltbridge_forbidden()""",
    """CREATE TRIGGER log_leaves_gapless BEFORE INSERT ON log_leaves
       FOR EACH ROW EXECUTE FUNCTION saltbridge_gapless()""",
    """CREATE TRIGGER releases_no_update BEFORE UPDATE ON releases
       FOR EACH STATEMENT EXECUTE FUNCTION saltbridge_forbidden()""",
    """CREATE TRIGGER records_no_update BEFORE UPDATE ON records
       FOR EACH STATEMENT EXECUTE FUNCTION saltbridge_forbidden()""",
    # lz4 loads documents several times faster than pglz; a server may lack it.
    """DO $$ BEGIN
         ALTER TABLE records ALTER COLUMN body SET COMPRESSION lz4;
         ALTER TABLE releases ALTER COLUMN content SET COMPRESSION lz4;
       EXCEPTION WHEN feature_not_supported THEN NULL;
       END $$""",
)


def upgrade() -> None:
    op.create_table(
        "records",
        sa.Column("kind", _Key, primary_key=True),
        sa.Column("id", _Key, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("written_at", sa.String, nullable=False),
    )
    op.execute(
        """CREATE VIEW current_records AS
           SELECT r.kind, r.id, r.version, r.body, r.digest, r.written_at FROM records AS r
           WHERE r.version = (SELECT MAX(newest.version) FROM records AS newest
                              WHERE newest.kind = r.kind AND newest.id = r.id)"""
    )
    op.create_table(
        "releases",
        sa.Column("digest", _Key, primary_key=True),
        sa.Column("decision_id", _Key, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("audience", sa.String, nullable=False),
        sa.Column("purpose", sa.String, nullable=False),
        sa.Column("written_at", sa.String, nullable=False),
    )
    op.create_table(
        "log_leaves",
        sa.Column("leaf_index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("body_digest", sa.String, nullable=False),
        sa.Column("salt", sa.String, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.Column("written_at", sa.String, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", _Key, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("ordering_key", _Key, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", sa.String),
        sa.Column("last_error", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_order", "outbox", ["ordering_key", "position"])
    postgres = op.get_bind().dialect.name == "postgresql"
    for statement in _POSTGRES_GUARDS if postgres else _SQLITE_GUARDS:
        op.execute(sa.text(statement))


def downgrade() -> None:
    raise NotImplementedError("a store is never taken back: restore the backup instead")
