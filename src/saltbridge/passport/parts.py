"""Which members a structured value may have. What nobody knows, nobody sees.

An audience is given to an attribute as a whole, so a member that the table does not name would
travel with it to everybody.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from saltbridge.passport.attributes import Attribute

_LANGUAGE = re.compile(r"[a-z]{2}")
_DOCUMENT: Final = frozenset({"title", "url", "digest", "text", "media_type", "language", "id"})
_ADDRESS: Final = frozenset({"street", "city", "country", "postal_code", "province"})
_PER_SOC: Final = frozenset({"state_of_charge_percent", "value"})
_RANGE: Final = frozenset({"lower", "upper"})
_HISTOGRAM: Final = frozenset({"bins", "hours"})


def known_parts(attribute: Attribute, value: Any) -> tuple[Any, tuple[str, ...]]:
    """The value without members nobody knows, and the names of what was left out."""
    left_out: set[str] = set()
    return _KNOWN.get(attribute.type, _as_it_is)(attribute, value, left_out), tuple(
        sorted(left_out)
    )


def _members(value: Any, known: Collection[str], left_out: set[str]) -> Any:
    """A mapping with its known members; a member that is no plain value is not known."""
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for name, part in value.items():
        if name in known and (_is_plain(part) or _is_known_mapping(name, part)):
            kept[name] = part
        else:
            left_out.add(str(name)[:40])
    return kept


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_known_mapping(name: str, value: Any) -> bool:
    """A text by language, or an address by its lines."""
    if not isinstance(value, Mapping) or not all(_is_plain(v) for v in value.values()):
        return False
    if all(_LANGUAGE.fullmatch(str(key)) for key in value):
        return True
    return name == "address" and value.keys() <= _ADDRESS


def _entries(value: Any, known: Collection[str], left_out: set[str]) -> Any:
    if not isinstance(value, list):
        return value
    return [_members(entry, known, left_out) for entry in value]


def _stated(attribute: Attribute) -> frozenset[str]:
    return frozenset((*attribute.constraints.parts, *attribute.constraints.optional_parts))


def _localised(attribute: Attribute, value: Any, left_out: set[str]) -> Any:
    if not isinstance(value, Mapping):
        return value
    left_out |= {str(key)[:40] for key in value if not _LANGUAGE.fullmatch(str(key))}
    return {key: text for key, text in value.items() if _LANGUAGE.fullmatch(str(key))}


def _list(attribute: Attribute, value: Any, left_out: set[str]) -> Any:
    known = _stated(attribute)
    return _entries(value, known, left_out) if known else value


def _histogram(attribute: Attribute, value: Any, left_out: set[str]) -> Any:
    if not isinstance(value, Mapping):
        return value
    left_out |= {str(name)[:40] for name in value if name not in _HISTOGRAM}
    return {name: part for name, part in value.items() if name in _HISTOGRAM}


def _as_it_is(attribute: Attribute, value: Any, left_out: set[str]) -> Any:
    return value


_KNOWN: Final[Mapping[str, Callable[[Attribute, Any, set[str]], Any]]] = {
    "record": lambda a, v, out: _members(v, _stated(a), out),
    "list": _list,
    "document": lambda a, v, out: _members(v, _DOCUMENT, out),
    "documents": lambda a, v, out: _entries(v, _DOCUMENT, out),
    "localised": _localised,
    "range": lambda a, v, out: _members(v, _RANGE, out),
    "per_soc": lambda a, v, out: _entries(v, _PER_SOC, out),
    "histogram": _histogram,
}
