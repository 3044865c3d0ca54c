"""Entries made from the path columns of ``passport/attributes.csv``.

A row with a path is exported and read by its type, without a line of code: this is how an
attribute that is added to the table reaches the wire formats. A path with ``[]`` stands inside
a list, and a value with parts has no plain spelling: those are in the small tables of each
format, which come first.
"""

from collections.abc import Callable, Iterable, Mapping

from saltbridge.formats.passport_mapping import Entry
from saltbridge.formats.passport_spelling import Spelling, by_type, plain
from saltbridge.passport.attributes import Attribute, attribute_table


def from_table(
    column: str,
    place: Callable[[str], str],
    *,
    apart: Iterable[Entry],
    not_here: Mapping[str, str],
    spellings: Mapping[str, Spelling],
    units: Mapping[str, str],
    dated: Callable[[str], str],
) -> tuple[Entry, ...]:
    """The entries of a format: ``apart`` as they are, then every other row with a path.

    Args:
        column: the path column of the table.
        place: the column's path → the path in our writing.
        apart: entries of the format's own.
        not_here: attributes whose column names a place that means something else, and why.
        spellings: attributes that are spelled otherwise than their type is.
        units: the unit of the format where it is not the table's.
        dated: where the day of a measured value stands, by the value's path; empty: nowhere.
    """
    own = tuple(apart)
    done = {id for entry in own for id in entry.ids} | set(not_here)
    made = [
        _entry(attribute, place(attribute.paths[column]), spellings, units, dated)
        for attribute in attribute_table().values()
        if attribute.id not in done and attribute.paths[column]
    ]
    return (*own, *(entry for entry in made if entry is not None))


def _entry(
    attribute: Attribute,
    path: str,
    spellings: Mapping[str, Spelling],
    units: Mapping[str, str],
    dated: Callable[[str], str],
) -> Entry | None:
    spelling = spellings.get(attribute.id) or by_type(attribute, units.get(attribute.id, ""))
    if spelling is None or "[]" in path:
        return None
    when = dated(path) if attribute.constraints.dated else ""
    return plain(attribute.id, path, spelling, dated=when)
