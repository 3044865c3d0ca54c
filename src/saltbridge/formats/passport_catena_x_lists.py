"""What the Catena-X battery pass says in its own way: documents, codes, units, stages."""

import re
from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.quantity import is_number
from saltbridge.formats.passport_idta_lists import rows_at, tidy
from saltbridge.formats.passport_mapping import Entry, Inexpressible, Unreadable, held
from saltbridge.formats.passport_paths import get
from saltbridge.formats.passport_spelling import (
    Spelling,
    localised,
)
from saltbridge.passport.model import AttributeValue, Values

Found = Mapping[str, AttributeValue]
_PLAIN: Final = "text/plain"
_HEADER_LENGTH: Final = 100
_LANGUAGE: Final = re.compile(r"[a-z]{2}")


# --- documents and texts --------------------------------------------------------------------


def _entries_of(value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
        raise Unreadable("[{content, contentType, header}]")
    return value


def document_of(one: Mapping[str, Any]) -> dict[str, Any]:
    content, kind, header = one.get("content"), one.get("contentType"), one.get("header")
    if not isinstance(content, str) or not isinstance(header, str):
        raise Unreadable("{content, contentType, header}")
    read: dict[str, Any] = {"title": header or content}
    if content.startswith(("https://", "http://")):
        read["url"] = content
    elif content.startswith("sha256:"):
        read["digest"] = content
    else:
        read["text"] = content
    if isinstance(kind, str) and "/" in kind and kind != _PLAIN:
        read["media_type"] = kind
    return read


def rendered(one: Any) -> dict[str, Any]:
    if not isinstance(one, Mapping):
        raise Inexpressible
    content = one.get("url") or one.get("text") or one.get("digest")
    if not content:
        raise Inexpressible
    title = one.get("title", "")
    title = title.get("en", next(iter(title.values()))) if isinstance(title, Mapping) else title
    kind = one.get("media_type") or ("URL" if "url" in one else _PLAIN)
    return {"content": content, "contentType": kind, "header": title[:_HEADER_LENGTH]}


def _read_one(value: Any) -> dict[str, Any]:
    entries = _entries_of(value)
    if not entries:
        raise Unreadable("[{content, contentType, header}]")
    return document_of(entries[0])


DOCUMENT: Final = Spelling(_read_one, lambda v: [rendered(v)])
DOCUMENTS: Final = Spelling(
    lambda v: [document_of(one) for one in _entries_of(v)], lambda v: [rendered(o) for o in v]
)


def _read_texts(value: Any) -> Any:
    entries = _entries_of(value)
    if not entries:
        raise Unreadable("[{content, contentType, header}]")
    if all(
        one.get("contentType") == _PLAIN and _LANGUAGE.fullmatch(str(one.get("header")))
        for one in entries
    ):
        return {one["header"]: one["content"] for one in entries}
    return "\n".join(document_of(one).get("url") or one["content"] for one in entries)


TEXTS_BY_LANGUAGE: Final = Spelling(
    _read_texts,
    lambda v: [
        {"content": text, "contentType": _PLAIN, "header": language}
        for language, text in localised(v).items()
    ],
)


def text_document(id: str, path: str) -> Entry:
    """A text of ours where the model wants a document."""

    def read(document: Any) -> Found:
        listed = rows_at(document, path)
        content = listed[0].get("content") if listed else None
        return {id: held(content)} if isinstance(content, str) else {}

    def write(values: Values) -> Mapping[str, Any]:
        if id not in values:
            return {}
        text = values[id].value
        return {path: [{"content": text, "contentType": _PLAIN, "header": "en"}]}

    return Entry((id,), path, read, write)


# --- identification -------------------------------------------------------------------------

_CODES: Final = "/identification/identification/codes"
_TRACTION: Final = "GB/T 34014"


def codes(*, closed: bool) -> Entry:
    """Commodity code (A017) and traction battery code (A021): one list of keyed codes.

    ``closed``: model 5 has a closed list of keys; the scheme is told by the description.
    """

    def read(document: Any) -> Found:
        found: dict[str, AttributeValue] = {}
        for one in rows_at(document, _CODES):
            value = one.get("value")
            if not isinstance(value, str):
                continue
            if one.get("key") == "TARIC":
                found.setdefault("A017", held(value.replace(" ", "")))
            elif _TRACTION in (one.get("key"), one.get("description")):
                found.setdefault("A021", held(value))
        return found

    def write(values: Values) -> Mapping[str, Any]:
        made = []
        if "A017" in values:
            made.append({"key": "TARIC", "value": values["A017"].value})
        if "A021" in values:
            said = {"key": "other", "description": _TRACTION} if closed else {"key": _TRACTION}
            made.append({**said, "value": values["A021"].value})
        return {_CODES: made} if made else {}

    return Entry(("A017", "A021"), _CODES, read, write)


def keyed(id: str, path: str, key: str) -> Entry:
    """One identifier in a list of keys and values."""

    def read(document: Any) -> Found:
        values = [o.get("value") for o in rows_at(document, path) if o.get("key") == key]
        return {id: held(values[0])} if values and isinstance(values[0], str) else {}

    def write(values: Values) -> Mapping[str, Any]:
        return {path: [{"key": key, "value": values[id].value}]} if id in values else {}

    return Entry((id,), path, read, write)


def record(id: str, path: str, members: Mapping[str, str]) -> Entry:
    """A value with parts: ours → theirs."""

    def read(document: Any) -> Found:
        parts = {ours: get(document, f"{path}/{theirs}") for ours, theirs in members.items()}
        told = {k: v for k, v in parts.items() if isinstance(v, str) or is_number(v)}
        unit = "A/Ah" if id == "A122" else ""
        return {id: held(told, unit)} if told else {}

    def write(values: Values) -> Mapping[str, Any]:
        if id not in values:
            return {}
        stated = values[id].value
        return {
            f"{path}/{t}": stated[o] for o, t in members.items() if stated.get(o) is not None
        }

    return Entry((id,), path, read, write)


def predecessor() -> Entry:
    """One predecessor by its UUID; the operation and all the others have no place.

    A battery without one is given a dummy by the model: that is our placeholder.
    """
    path = "/metadata/predecessor"
    nobody = re.compile(r"(urn:uuid:)?[0-]+")

    def read(document: Any) -> Found:
        stated = get(document, path)
        if not isinstance(stated, str) or nobody.fullmatch(stated):
            return {}
        return {"A012": held([{"passport_id": stated}])}

    def write(values: Values) -> Mapping[str, Any]:
        if "A012" not in values or not values["A012"].value:
            return {}
        first = values["A012"].value[0]["passport_id"]
        if not re.fullmatch(r"urn:uuid:[0-9a-fA-F-]{36}", first):
            raise Inexpressible
        return {path: first}

    return Entry(("A012",), path, read, write, frozenset({"A012"}))


def chemistry() -> Entry:
    """Code and name of the chemistry in one text: ``name (code)``."""
    path = "/identification/chemistry"
    both = re.compile(r"(.+) \(([^()]+)\)")

    def read(document: Any) -> Found:
        stated = get(document, path)
        if not isinstance(stated, str):
            return {}
        match = both.fullmatch(stated)
        name, code = match.groups() if match else (stated, stated)
        return {"A063": held({"code": code, "name": name})}

    def write(values: Values) -> Mapping[str, Any]:
        if "A063" not in values:
            return {}
        stated = values["A063"].value
        if stated["code"] == stated["name"]:
            return {path: stated["name"]}
        return {path: f"{stated['name']} ({stated['code']})"}

    # A code or a name with brackets of its own cannot be told apart again.
    return Entry(("A063",), path, read, write, frozenset({"A063"}))


# --- quantities with units ------------------------------------------------------------------

_WARRANTY: Final = "/characteristics/warranty"
_SIZE: Final = "/characteristics/physicalDimension"
_PERIODS: Final = {"unit:year": "Y", "unit:month": "M", "unit:day": "D"}
_MASSES: Final = {
    "unit:kilogram": 1.0,
    "unit:gram": 1e-3,
    "unit:tonneMetricTon": 1e3,
    "unit:pound": 0.45359237,
}
_LENGTHS: Final = {
    "unit:millimetre": 1.0,
    "unit:centimetre": 10.0,
    "unit:metre": 1e3,
    "unit:inch": 25.4,
}


def warranty() -> Entry:
    """The warranty as a duration (A031); one in cycles or hours has no place with us."""

    def read(document: Any) -> Found:
        amount, unit = (
            get(document, f"{_WARRANTY}/lifeValue"),
            get(document, f"{_WARRANTY}/lifeUnit"),
        )
        if not is_number(amount) or not float(amount).is_integer() or unit not in _PERIODS:
            return {}
        return {"A031": held(f"P{int(amount)}{_PERIODS[unit]}")}

    def write(values: Values) -> Mapping[str, Any]:
        if "A031" not in values:
            return {}
        match = re.fullmatch(r"P(\d+)([YMD])", values["A031"].value)
        if match is None:
            raise Inexpressible
        unit = next(u for u, letter in _PERIODS.items() if letter == match.group(2))
        return {f"{_WARRANTY}/lifeValue": int(match.group(1)), f"{_WARRANTY}/lifeUnit": unit}

    return Entry(("A031",), _WARRANTY, read, write, frozenset({"A031"}))


def mass_and_size() -> tuple[Entry, ...]:
    """Mass [kg] and outer dimensions [mm], read in any unit of the model."""

    def read_mass(document: Any) -> Found:
        mass = _in_unit(get(document, f"{_SIZE}/weight"), _MASSES)
        return {} if mass is None else {"A033": held(mass, "kg")}

    def write_mass(values: Values) -> Mapping[str, Any]:
        if "A033" not in values:
            return {}
        return {f"{_SIZE}/weight": {"value": values["A033"].value, "unit": "unit:kilogram"}}

    sides = ("length", "width", "height")

    def read_size(document: Any) -> Found:
        found = {s: _in_unit(get(document, f"{_SIZE}/{s}"), _LENGTHS) for s in sides}
        if None in found.values():
            return {}
        return {"A034": held(found, "mm")}

    def write_size(values: Values) -> Mapping[str, Any]:
        if "A034" not in values:
            return {}
        stated = values["A034"].value
        return {
            f"{_SIZE}/{side}": {"value": stated[side], "unit": "unit:millimetre"}
            for side in sides
        }

    return (
        Entry(("A033",), f"{_SIZE}/weight", read_mass, write_mass),
        Entry(("A034",), _SIZE, read_size, write_size),
    )


def _in_unit(stated: Any, units: Mapping[str, float]) -> float | None:
    """A value of ``{value, unit}`` in the first unit of the list."""
    if not isinstance(stated, Mapping) or not is_number(stated.get("value")):
        return None
    times = units.get(str(stated.get("unit")))
    if times is None:
        return None
    return stated["value"] if times == 1.0 else tidy(stated["value"] * times)
