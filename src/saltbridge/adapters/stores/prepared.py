"""Statements that are worked out once and asked often: their text, and what comes back.

SQLAlchemy builds a statement from its parts and looks it up by them each time it is run, which
takes longer than SQLite takes to answer. A few statements are run hundreds of times a second:
their text is kept for each kind of database, and they go to the driver as they are.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.sql import ClauseElement, Select

from saltbridge.adapters.stores.row_digest import Row


class Prepared:
    """A statement whose parameters are all named by ``bindparam``, or stand in it."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement: Final = statement
        self._columns: Final = (
            tuple(statement.selected_columns.keys()) if isinstance(statement, Select) else ()
        )
        # Text, names of the parameters in their order (None: by name), what stands in it.
        self._texts: dict[str, tuple[str, tuple[str, ...] | None, Mapping[str, Any]]] = {}

    def run(self, connection: Connection, **values: Any) -> Any:
        """Carry it out; what the driver gives back."""
        text, names, standing = self._text(connection)
        given = {**standing, **values}
        return connection.exec_driver_sql(
            text, given if names is None else tuple(given[name] for name in names)
        )

    def rows(self, connection: Connection, **values: Any) -> list[Row]:
        """The rows it finds, by the names of their columns."""
        return [
            dict(zip(self._columns, row, strict=True)) for row in self.run(connection, **values)
        ]

    def first(self, connection: Connection, **values: Any) -> Row | None:
        """The first row it finds, or None."""
        row = self.run(connection, **values).first()
        return None if row is None else dict(zip(self._columns, row, strict=True))

    def value(self, connection: Connection, **values: Any) -> Any:
        """The first column of the first row it finds; None where there is none."""
        row = self.run(connection, **values).first()
        return None if row is None else row[0]

    def _text(
        self, connection: Connection
    ) -> tuple[str, tuple[str, ...] | None, Mapping[str, Any]]:
        name = connection.dialect.name
        found = self._texts.get(name)
        if found is None:
            made: Any = self._statement.compile(dialect=connection.dialect)
            order = None if made.positiontup is None else tuple(made.positiontup)
            found = self._texts[name] = (str(made), order, dict(made.params))
        return found
