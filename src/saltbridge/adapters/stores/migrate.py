"""Brings a store's schema up to date, and refuses one that is newer than this code."""

from sqlalchemy import Connection, inspect, text

from saltbridge.adapters.stores.facts import VERSION, read_facts, write_facts
from saltbridge.adapters.stores.schema import HEAD, HISTORY
from saltbridge.core.errors import Refused


def stored_version(connection: Connection) -> str | None:
    """The migration the store stands at; None for an empty one.

    Raises:
        Refused: the store was written by a newer Saltbridge, or says two things about its
            version, so that one of them was altered.
    """
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is not None and version not in HISTORY:
        raise Refused.of("store.newer", found=str(version), known=HEAD)
    facts = read_facts(connection)
    if facts is not None and facts.get(VERSION) != version:
        raise Refused.of("store.altered", kind="alembic_version", id=str(version))
    return version


def migrate(connection: Connection) -> None:
    """Run the missing migrations inside the caller's transaction."""
    stored_version(connection)
    from alembic import command  # slow to import, and needed once in a store's life
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "saltbridge.adapters.stores:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    write_facts(connection, HEAD)
