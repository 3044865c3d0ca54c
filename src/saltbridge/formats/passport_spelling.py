"""How one attribute value is spelled in JSON, by its type; and the entries of plain values.

A spelling is a pair: read what stands in a document, write a value of ours. Numbers are held in
the unit of the attribute table and written in the unit of the format.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.core.quantity import conversion_factor, is_number
from saltbridge.formats.passport_mapping import Entry, Inexpressible, Unreadable, held
from saltbridge.formats.passport_paths import MISSING, get
from saltbridge.passport.attributes import Attribute, Dynamics, attribute_table
from saltbridge.passport.model import AttributeValue, Values

_TAGGED: Final = re.compile(r"\[([a-z]{2})\] (.*)", re.DOTALL)
MIDNIGHT: Final = "T00:00:00Z"


@dataclass(frozen=True)
class Spelling:
    """How a value is read from JSON and written into it."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unreadable("text")
    return value


def _plain_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Inexpressible
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unreadable("true | false")
    return value


TEXT: Final = Spelling(_text, _plain_text)
FLAG: Final = Spelling(_flag, _flag)


def number(unit: str, wanted: str = "", *, whole: bool = False) -> Spelling:
    """Numbers in ``unit`` (the table's), written in ``wanted``; ``whole``: as integers."""
    times = conversion_factor(unit, wanted) if wanted and wanted != unit else 1.0

    def read(value: Any) -> Any:
        if not is_number(value):
            raise Unreadable("number")
        return value if times == 1.0 else _tidy(value / times)

    def write(value: Any) -> Any:
        if not is_number(value):
            raise Inexpressible
        made = value if times == 1.0 else _tidy(value * times)
        return int(made) if whole and float(made).is_integer() else made

    return Spelling(read, write)


def _tidy(value: float) -> float:
    """Without the binary noise of a decimal conversion (15 digits)."""
    made = float(f"{value:.15g}")
    return int(made) if made.is_integer() and abs(made) < 2**53 else made


def words(known: Mapping[str, str]) -> Spelling:
    """A closed list of words: ours → theirs. Of several same words the first reads."""
    back: dict[str, str] = {}
    for ours, theirs in known.items():
        back.setdefault(theirs, ours)

    def read(value: Any) -> str:
        folded = {k.casefold(): v for k, v in back.items()}
        if _text(value).casefold() not in folded:
            raise Unreadable(" | ".join(back))
        return folded[value.casefold()]

    def write(value: Any) -> str:
        if value not in known:
            raise Inexpressible
        return known[value]

    return Spelling(read, write)


def _read_languages(value: Any) -> Any:
    """A language map in any of its three spellings: list of maps, one map, a bare text."""
    entries = value if isinstance(value, list) else [value]
    texts: dict[str, str] = {}
    for entry in entries:
        if isinstance(entry, str):
            texts.setdefault("en", entry)
        elif isinstance(entry, Mapping):
            texts |= {str(k): _text(v) for k, v in entry.items()}
        else:
            raise Unreadable('[{"en": "…"}]')
    if not texts:
        raise Unreadable('[{"en": "…"}]')
    return texts


def _one_of(value: Any) -> str:
    texts: dict[str, str] = _read_languages(value)
    return texts.get("en") or next(iter(texts.values()))


# A text of ours in a format that wants languages, and a text by language of ours.
IN_LANGUAGES: Final = Spelling(_one_of, lambda v: [{"en": _plain_text(v)}])
LANGUAGE_MAPS: Final = Spelling(
    _read_languages, lambda v: [{k: t} for k, t in localised(v).items()]
)


def localised(value: Any) -> dict[str, str]:
    """The texts by language of a value that may be one text (then English)."""
    if isinstance(value, Mapping):
        return {str(k): str(t) for k, t in value.items()}
    return {"en": _plain_text(value)}


def tagged(value: Any) -> list[str]:
    """Texts by language where a format has a list of texts: ``[en] …``. One text stays bare."""
    if isinstance(value, str):
        return [value]
    return [f"[{language}] {words}" for language, words in localised(value).items()]


def untagged(value: Any) -> Any:
    """What ``tagged`` wrote; a list of bare texts is one text in English."""
    entries = value if isinstance(value, list) else [value]
    if not entries:
        raise Unreadable("text")
    found = [_TAGGED.fullmatch(_text(entry)) for entry in entries]
    if all(found):
        return {m.group(1): m.group(2) for m in found if m is not None}
    return "\n".join(entries)


TAGGED: Final = Spelling(untagged, tagged)


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise Unreadable("[text, …]")
    return [_text(v) for v in value]


def _plain_texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise Inexpressible
    return list(value)


TEXTS: Final = Spelling(_texts, _plain_texts)
ONE_OF_TEXTS: Final = Spelling(
    lambda v: _text(v[0]) if isinstance(v, list) and len(v) == 1 else _text(v),
    lambda v: [_plain_text(v)],
)


def _month_as_day(value: Any) -> str:
    return f"{_plain_text(value)}-01"[:10]


def _day_as_month(value: Any) -> str:
    """The first of a month is how a month is written where a format wants a day."""
    return _text(value)[:7] if _text(value)[7:10] == "-01" else _text(value)[:10]


MONTH_AS_DAY: Final = Spelling(_day_as_month, _month_as_day)
MONTH_AS_MOMENT: Final = Spelling(_day_as_month, lambda v: _month_as_day(v) + MIDNIGHT)
MOMENT_AS_DAY: Final = Spelling(
    lambda v: _text(v) + MIDNIGHT if len(_text(v)) == 10 else v, lambda v: _plain_text(v)[:10]
)


def day_as_moment(day: str) -> str:
    """A day where a format wants a moment: midnight UTC."""
    return day if "T" in day else f"{day}{MIDNIGHT}"


def moment_as_day(moment: Any) -> str:
    """What ``day_as_moment`` wrote; a moment of its own stays whole."""
    text = _text(moment)
    return text.removesuffix(MIDNIGHT) if text.endswith(MIDNIGHT) else text


def by_type(attribute: Attribute, unit: str = "") -> Spelling | None:
    """The plain spelling of an attribute, or None where its type has none."""
    match attribute.type:
        case "text" | "identifier" | "url" | "choice" | "date" | "datetime" | "traction_code":
            return TEXT
        case "month":
            return MONTH_AS_DAY
        case "duration":
            return TEXT
        case "boolean":
            return FLAG
        case "number" | "integer":
            return number(attribute.unit, unit, whole=attribute.type == "integer")
        case "list" if not attribute.constraints.parts:
            return TEXTS
    return None


def plain(id: str, path: str, spelling: Spelling, *, dated: str = "") -> Entry:
    """One attribute at one place; ``dated`` is where the day of its measurement stands."""
    unit = attribute_table()[id].unit

    def read(document: Any) -> Mapping[str, AttributeValue]:
        value = get(document, path)
        if value is MISSING or value is None:
            return {}
        moment = get(document, dated) if dated else MISSING
        day = "" if moment is MISSING else moment_as_day(moment)
        return {id: held(spelling.read(value), unit, day)}

    def write(values: Values) -> Mapping[str, Any]:
        if id not in values:
            return {}
        made = {path: spelling.write(values[id].value)}
        if dated and values[id].measured_on:
            made[dated] = day_as_moment(values[id].measured_on)
        return made

    attribute = attribute_table()[id]
    moves = attribute.dynamics is Dynamics.DYNAMIC and attribute.point == 4
    loses_day = (attribute.constraints.dated or moves) and not dated
    return Entry((id,), path, read, write, frozenset({id} if loses_day else ()))
