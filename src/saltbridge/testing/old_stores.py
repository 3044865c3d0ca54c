"""Stores as earlier versions of Saltbridge wrote them, for the tests of migrations."""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, column, table

from saltbridge.core.canonical import digest
from saltbridge.trust.log import leaf_bytes, leaf_hash

WRITTEN_AT = "2026-01-02T03:04:05.000006Z"


def write_0001(connection: Connection, leaves: int) -> None:
    """The tables of migration 0001, with something of everything."""
    config = Config()
    config.set_main_option("script_location", "saltbridge.adapters.stores:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "0001")

    def insert(name: str, **row: object) -> None:
        connection.execute(table(name, *map(column, row)).insert(), row)

    for version, body in ((1, b"old"), (2, b'{"a":"\xc3\xa9"}')):
        insert(
            "records",
            kind="passport",
            id="p1",
            version=version,
            body=body,
            digest=digest(body),
            written_at=WRITTEN_AT,
        )
    insert(
        "releases",
        digest=digest(b"{}"),
        decision_id="d1",
        content=b"{}",
        media_type="application/json",
        audience="public",
        purpose="passport",
        written_at=WRITTEN_AT,
    )
    for index in range(leaves):
        parts = ("passport.issued", f"p{index}", digest(b"old"), f"{index:032x}")
        insert(
            "log_leaves",
            leaf_index=index,
            event=parts[0],
            subject=parts[1],
            body_digest=parts[2],
            salt=parts[3],
            leaf_hash=leaf_hash(leaf_bytes(*parts)),
            written_at=WRITTEN_AT,
        )
    for number in (1, 2, 3):
        insert(
            "outbox",
            id=f"e{number}",
            kind="send",
            body=b"{}",
            ordering_key="k",
            attempts=0,
            due_at=None,
            last_error="",
        )
    outbox = table("outbox", column("id"))
    connection.execute(outbox.delete().where(outbox.c.id == "e1"))
