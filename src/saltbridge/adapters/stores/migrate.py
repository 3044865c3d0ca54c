"""Brings a store's schema up to date, and refuses one that is newer than this code."""

from sqlalchemy import Connection, inspect, text

from saltbridge.adapters.stores.schema import HEAD, HISTORY
from saltbridge.core.errors import Refused


def stored_version(connection: Connection) -> str | None:
    """The migration the store stands at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def refuse_newer(version: str | None) -> None:
    """Let every version pass that this code knows.

    Raises:
        Refused: the store was written by a newer Saltbridge.
    """
    if version is not None and version not in HISTORY:
        raise Refused.of("store.newer", found=version, known=HEAD)


def migrate(connection: Connection) -> None:
    """Run the missing migrations inside the caller's transaction."""
    refuse_newer(stored_version(connection))
    from alembic import command  # slow to import, and needed once in a store's life
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "saltbridge.adapters.stores:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
