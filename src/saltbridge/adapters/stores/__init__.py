"""Where a node keeps its documents, its log and its outbox. The URL scheme chooses."""

from saltbridge.core.errors import FaultyInput
from saltbridge.ports import Clock, Store


def open_store(url: str, clock: Clock) -> Store:
    """The store behind a URL, its schema brought up to date.

    ``sqlite:///<path>``, ``postgresql://…`` or ``memory://`` (forgets everything).

    Raises:
        FaultyInput: no such kind of store, or the file is not a store.
        Refused: the store was written by a newer Saltbridge.
        Unavailable: it cannot be opened, or its driver is not installed.
    """
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        from saltbridge.adapters.stores.sqlite import SqliteStore

        return SqliteStore(url, clock)
    if scheme == "postgresql":
        from saltbridge.adapters.stores.postgres import PostgresStore

        return PostgresStore(url, clock)
    if scheme == "memory":
        from saltbridge.adapters.stores.memory import MemoryStore

        return MemoryStore(clock)
    raise FaultyInput.of("store.unknown-scheme", scheme=scheme[:40])
