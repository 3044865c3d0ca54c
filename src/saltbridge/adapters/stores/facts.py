"""What a store knows about itself: the version of its schema, and a digest of the schema.

Kept in a table of their own and compared before the store is used or audited: a flipped bit
in the version would start a migration over again, and a dropped guard would pass unseen.
"""

from collections.abc import Mapping
from hashlib import sha256
from json import dumps

from sqlalchemy import Connection, delete, insert, inspect, select, text

from saltbridge.adapters.stores.row_digest import is_whole, sealed
from saltbridge.adapters.stores.schema import store_facts

VERSION = "schema-version"
SCHEMA = "schema-digest"

_SQLITE_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
_POSTGRES_SCHEMA = """
    SELECT kind, at, name COLLATE "C", says FROM (
      SELECT 'column' AS kind, table_name::text AS at, column_name::text AS name,
             data_type::text || ' ' || is_nullable::text AS says
        FROM information_schema.columns WHERE table_schema = current_schema()
      UNION ALL
      SELECT 'trigger', c.relname::text, t.tgname::text,
             t.tgenabled::text || ' ' || p.proname::text || ' ' || p.prosrc
        FROM pg_trigger t
        JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
    ) AS described
    ORDER BY kind COLLATE "C", at COLLATE "C", name COLLATE "C" """


def schema_digest(connection: Connection) -> str:
    """SHA-256 over the tables, views and guards there are, as hexadecimal text."""
    postgres = connection.dialect.name == "postgresql"
    rows = connection.execute(text(_POSTGRES_SCHEMA if postgres else _SQLITE_SCHEMA))
    return sha256(dumps([list(row) for row in rows], default=repr).encode()).hexdigest()


def write_facts(connection: Connection, version: str) -> None:
    """Keep the facts anew, after a migration."""
    facts = {VERSION: version, SCHEMA: schema_digest(connection)}
    connection.execute(delete(store_facts))
    for name, value in facts.items():
        row = {"name": name, "value": value}
        connection.execute(insert(store_facts), sealed("store_facts", row))


def read_facts(connection: Connection) -> Mapping[str, str] | None:
    """The facts that are as they were written; None for a store that kept none yet."""
    if not inspect(connection).has_table("store_facts"):
        return None
    rows = connection.execute(select(store_facts)).mappings()
    return {row["name"]: row["value"] for row in rows if is_whole("store_facts", row)}
