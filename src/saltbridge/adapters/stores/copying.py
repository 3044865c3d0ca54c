"""Copies of a store as one SQLite file, and a store filled from such a file.

SQLite is copied page by page through its online backup, while others write. PostgreSQL is
copied row by row out of one snapshot into a fresh SQLite file of the same schema version;
the way back fills an empty database in one transaction. So a backup moves a node from one
kind of store to the other.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, inspect, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from saltbridge.adapters.stores.migrate import stored_version
from saltbridge.adapters.stores.schema import HEAD
from saltbridge.core.errors import FaultyInput, Refused, Unavailable
from saltbridge.core.finding import Place, finding

# What the migrations write themselves, for the kind of store they run on.
_OF_THE_SCHEMA: Final = frozenset({"alembic_version", "store_facts"})
_BATCH: Final = 1000


def snapshot(url: str, target: Path) -> None:
    """Copy the store behind the URL, as it is at one moment, into a new SQLite file.

    Raises:
        Unavailable: the store or the target cannot be read or written.
        Refused: the store is of a newer Saltbridge, or (PostgreSQL) of an older one.
        FaultyInput: there is no store, or the URL names none that lasts.
    """
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        _snapshot_sqlite(Path(url.removeprefix("sqlite:///")), target)
    elif scheme == "postgresql":
        with _postgres(url) as engine, engine.connect() as source:
            source = source.execution_options(isolation_level="REPEATABLE READ")
            version = stored_version(source)
            if version != HEAD:
                raise Refused.of("backup.older-postgres", found=str(version), known=HEAD)
            with _sqlite(target).begin() as there:
                _make_schema(there)
                _copy_rows(source, there)
    else:
        raise FaultyInput.of("backup.no-lasting-store", scheme=scheme[:40])


def fill(source: Path, url: str) -> None:
    """Fill the empty PostgreSQL database behind the URL from a SQLite file, whole or not.

    Raises:
        Refused: the database holds tables already; nothing was changed.
        Unavailable: the database cannot be reached or written.
    """
    with _postgres(url) as engine, engine.begin() as target:
        if inspect(target).get_table_names():
            raise Refused.of("backup.database-not-empty")
        _make_schema(target)
        with _sqlite(source).connect() as there:
            _copy_rows(there, target)


def version_of(url: str) -> str | None:
    """The schema version the store stands at, nothing changed; None for an empty one.

    Raises:
        Refused: the store is of a newer Saltbridge.
        FaultyInput: there is no store.
        Unavailable: it cannot be read.
    """
    if url.startswith("postgresql:"):
        with _postgres(url) as engine, engine.connect() as connection:
            return stored_version(connection)
    path = Path(url.removeprefix("sqlite:///"))
    if not path.is_file():
        raise FaultyInput([finding("backup.no-store", Place(file=str(path)))])
    engine = _sqlite(path)
    try:
        with engine.connect() as connection:
            return stored_version(connection)
    except DBAPIError as fault:
        raise _unreadable(path, str(fault.orig)) from fault
    finally:
        engine.dispose()


def _snapshot_sqlite(path: Path, target: Path) -> None:
    if not path.is_file():
        raise FaultyInput([finding("backup.no-store", Place(file=str(path)))])
    try:
        # immutable is off, so the copy sees what stands in the write-ahead log.
        with closing(sqlite3.connect(path, timeout=20)) as source:
            source.execute("PRAGMA query_only=ON")
            with closing(sqlite3.connect(target)) as copy:
                copy.execute("PRAGMA synchronous=OFF")  # the whole file is synced at the end
                source.backup(copy)
                copy.execute("PRAGMA journal_mode=DELETE")  # one file, no companions
    except sqlite3.Error as fault:
        raise _unreadable(path, str(fault)) from fault


def _make_schema(connection: Connection) -> None:
    from saltbridge.adapters.stores.migrate import migrate

    migrate(connection)


def _copy_rows(source: Connection, target: Connection) -> None:
    tables = MetaData()
    tables.reflect(target)
    for name in sorted(tables.tables.keys() - _OF_THE_SCHEMA):
        table = tables.tables[name]
        order = [column.asc() for column in table.primary_key.columns]
        rows = source.execute(
            select(table).order_by(*order), execution_options={"yield_per": _BATCH}
        ).mappings()
        for chunk in rows.partitions(_BATCH):
            target.execute(table.insert(), [_plain(row) for row in chunk])
        if target.dialect.name == "postgresql":
            _set_sequences(target, table)


def _plain(row: Any) -> dict[str, Any]:
    """The row with its bytes as bytes: drivers hand out views."""
    return {k: bytes(v) if isinstance(v, memoryview) else v for k, v in row.items()}


def _set_sequences(target: Connection, table: Any) -> None:
    """Let counting columns go on behind the highest number that was copied."""
    for column in table.primary_key.columns:
        sequence = target.exec_driver_sql(
            "SELECT pg_get_serial_sequence(%s, %s)", (table.name, column.name)
        ).scalar()
        if sequence is not None:
            highest = target.execute(select(column).order_by(column.desc()).limit(1)).scalar()
            if highest is not None:
                target.exec_driver_sql("SELECT setval(%s, %s)", (sequence, highest))


def _sqlite(path: Path) -> Engine:
    from sqlalchemy.pool import NullPool

    return create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)


@contextmanager
def _postgres(url: str) -> Iterator[Engine]:
    from sqlalchemy.exc import NoSuchModuleError
    from sqlalchemy.pool import NullPool

    try:
        engine = create_engine(
            f"postgresql+psycopg:{url.partition(':')[2]}", poolclass=NullPool
        )
    except (ImportError, NoSuchModuleError) as fault:
        raise Unavailable.of("store.no-driver") from fault
    try:
        yield engine
    except SQLAlchemyError as fault:
        # The URL may hold a password: the driver's first line is all that is told.
        reason = str(getattr(fault, "orig", None) or fault).strip().splitlines()[0]
        raise Unavailable.of("store.cannot-open", reason=reason) from fault
    finally:
        engine.dispose()


def _unreadable(path: Path, reason: str) -> Unavailable:
    return Unavailable([finding("store.cannot-open", Place(file=str(path)), reason=reason)])
