"""The tables, as the SQL stores use them. The migrations make them; a test compares both."""

from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    column,
    table,
)

HISTORY = ("0001", "0002", "0003")  # every migration this code knows, the oldest first
HEAD = HISTORY[-1]

metadata = MetaData()

# In PostgreSQL ids sort by code point, as in SQLite and in Python.
_Key = String().with_variant(String(collation="C"), "postgresql")

records = Table(
    "records",
    metadata,
    Column("kind", _Key, primary_key=True),
    Column("id", _Key, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),
    Column("digest", String, nullable=False),
    Column("written_at", String, nullable=False),
    Column("row_digest", LargeBinary, nullable=False),
    # How the body is packed: not at all (null), by itself (0), or on the base of this number.
    Column("packing", BigInteger),
)

# The newest version of every record; the older ones stay in ``records``.
current_records = table(
    "current_records",
    column("kind", _Key),
    column("id", _Key),
    column("version", Integer),
    column("body", LargeBinary),
    column("digest", String),
    column("written_at", String),
    column("row_digest", LargeBinary),
    column("packing", BigInteger),
)

releases = Table(
    "releases",
    metadata,
    Column("digest", _Key, primary_key=True),
    Column("decision_id", _Key, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("media_type", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("purpose", String, nullable=False),
    Column("written_at", String, nullable=False),
    Column("row_digest", LargeBinary, nullable=False),
    Column("packing", BigInteger),
)

# What the documents of a batch share; the rows of the batch hold what differs from it.
bases = Table(
    "bases",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("decision_id", _Key, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("packing", BigInteger),
    Column("digest", String, nullable=False),
    Column("written_at", String, nullable=False),
    Column("row_digest", LargeBinary, nullable=False),
)

log_leaves = Table(
    "log_leaves",
    metadata,
    Column("leaf_index", Integer, primary_key=True, autoincrement=False),
    Column("event", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("body_digest", String, nullable=False),
    Column("salt", String, nullable=False),
    Column("leaf_hash", LargeBinary, nullable=False),
    # Roots of the subtrees this leaf completes, 32 bytes each, from level 1 up.
    Column("nodes", LargeBinary, nullable=False),
    Column("written_at", String, nullable=False),
    Column("row_digest", LargeBinary, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("id", _Key, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("ordering_key", _Key, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", String),
    Column("last_error", String, nullable=False),
    Column("row_digest", LargeBinary, nullable=False),
)

# What the store knows about itself: its version and the digest of its schema.
store_facts = Table(
    "store_facts",
    metadata,
    Column("name", _Key, primary_key=True),
    Column("value", String, nullable=False),
    Column("row_digest", LargeBinary, nullable=False),
)
