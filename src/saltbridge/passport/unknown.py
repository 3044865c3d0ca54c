"""Attributes that the table does not have: reported, kept as they came, shown to nobody."""

import json
from collections.abc import Mapping
from typing import Any

from saltbridge.passport.attributes import attribute_table


def unknown_attributes(
    record: Mapping[str, Any], facts: Mapping[str, Any]
) -> dict[str, dict[str, dict[str, str]]]:
    """What a supplier record and an operator's facts state that no row is there for.

    ``{"unknown": {who: {id: JSON text}}}``: a facts file may hold days and numbers that JSON
    has none of. Empty where there is nothing of the kind; batteries of the record stand as
    ``supplied/<serial>``.

    >>> unknown_attributes({}, {"attributes": {"A033": {"value": 1}, "X1": {"value": 2}}})
    {'unknown': {'operator': {'X1': '{"value": 2}'}}}
    """
    stated = {"supplied": record.get("attributes"), "operator": facts.get("attributes")}
    for item in record.get("items") or []:
        if isinstance(item, Mapping):
            stated[f"supplied/{item.get('serial', '')}"] = item.get("attributes")
    kept = {who: _unknown(given) for who, given in stated.items()}
    kept = {who: given for who, given in kept.items() if given}
    return {"unknown": kept} if kept else {}


def _unknown(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        return {}
    unknown = {str(id): entry for id, entry in given.items() if id not in attribute_table()}
    return {id: json.dumps(entry, default=str, sort_keys=True) for id, entry in unknown.items()}
