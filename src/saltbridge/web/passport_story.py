"""Where a battery came from, where it went, and the versions of its passport: what is public.

Everything is read from released views. That a battery lives on under another passport is told
only where that passport is public here and names this one itself: the event behind it belongs
to those who may see point 4 (``passport_life``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from saltbridge.border.context import PUBLIC
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import SaltbridgeError
from saltbridge.locales import text
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.lifecycle_rules import SECOND_LIFE
from saltbridge.ports import UnitOfWork, World
from saltbridge.reports.part_words import in_language
from saltbridge.steps.passport_copies import served_copy
from saltbridge.steps.passport_event_effects import CEASED
from saltbridge.steps.passport_events import HANDED_OVER, kept_events
from saltbridge.steps.passport_reading import versions
from saltbridge.steps.records import document
from saltbridge.steps.release import kept_release
from saltbridge.web.passport_public import PublicPassport, PublicPassports
from saltbridge.web.passport_values import day

MOST_RELATIVES: Final = 100  # told one by one; a battery may come from a thousand
MOST_SUCCESSORS: Final = 12
MOST_VERSIONS: Final = 20
_ALWAYS_OTHER: Final = frozenset({"A006", "A013", "A015"})  # dates and number of the version


@dataclass(frozen=True, slots=True)
class Relative:
    """Another passport: what it is called, and its address if it lies here.

    What was done to the battery tells its status, which is not public.
    """

    name: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version: when it was issued, and what its public part says otherwise than before."""

    number: int
    name: str
    day: str
    says: str
    url: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Story:
    """Predecessors, successors and versions; ``more``: predecessors that are not listed."""

    earlier: tuple[Relative, ...]
    later: tuple[Relative, ...]
    versions: tuple[VersionLine, ...]
    more: int = 0


def story(
    world: World, public: PublicPassports, passport: PublicPassport, language: str
) -> Story:
    """The story of a public passport; what cannot be read is left out."""
    view = passport.content
    stated = _predecessors(view)
    try:
        with world.store.reading() as work:
            earlier = _earlier(work, stated[:MOST_RELATIVES], language)
            named = _successors(work, str(view["passport_id"]))
            lines = _versions(work, passport, language)
    except SaltbridgeError:
        return Story((), (), ())
    later = [_later(public.by_id(id), view, language) for id in named]
    return Story(
        tuple(earlier),
        tuple(r for r in later if r is not None),
        tuple(lines),
        max(0, len(stated) - MOST_RELATIVES),
    )


def operation_name(operation: str, language: str) -> str:
    """What was done to a battery, in words; what nobody knows stays as it was written."""
    known = operation in SECOND_LIFE
    return text(f"lifecycle.event.{operation}", None, language) if known else operation


def address_of(gtin: str, serial: str) -> str:
    """The path of a battery's passport on this node."""
    return f"/01/{quote(gtin, safe='')}/21/{quote(serial, safe='')}"


def _predecessors(view: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    stated = (view["attributes"].get("A012") or {}).get("value") or ()
    return [entry for entry in stated if isinstance(entry, Mapping)]


def _earlier(
    work: UnitOfWork, stated: Sequence[Mapping[str, Any]], language: str
) -> list[Relative]:
    ids = [str(entry.get("passport_id", "")) for entry in stated]
    found = work.get_many("passport", [id for id in ids if id])
    told = []
    for id in ids:
        record = read_json(found[id].body) if id in found else None
        if record is None:
            note = text("story.elsewhere", None, language)
            told.append(Relative(id, note=note))
        elif record["status"] == CEASED:
            told.append(Relative(id, note=text("story.ended", None, language)))
        elif record["status"] == "active":
            name = text("page.serial", None, language)
            named = {"name": name, "value": record["serial"]}
            shown = text("page.named", named, language)
            told.append(Relative(shown, address_of(record["gtin"], record["serial"])))
        elif record["status"] == HANDED_OVER:
            note = text("story.elsewhere", None, language)
            told.append(Relative(id, f"/passports/{id}", note))  # leads on
        else:
            told.append(Relative(id))
    return told


def _successors(work: UnitOfWork, id: str) -> list[str]:
    """The passports that events of this one name as its successors."""
    named = [
        str(kept["content"]["successor"])
        for kept in kept_events(work, id)
        if kept["event"] in SECOND_LIFE
    ]
    return [n for n in dict.fromkeys(named) if n][:MOST_SUCCESSORS]


def _later(
    found: PublicPassport | None, view: Mapping[str, Any], language: str
) -> Relative | None:
    """A successor, if it is public here and says itself that it comes from this battery."""
    if found is None:
        return None
    content = found.content
    for entry in _predecessors(content):
        if entry.get("passport_id") == view["passport_id"]:
            model = (content["attributes"].get("A018") or {}).get("value")
            named = {
                "model": in_language(model, language) if model else content["gtin"],
                "serial": content["serial"],
            }
            return Relative(
                text("story.battery", named, language),
                address_of(content["gtin"], content["serial"]),
            )
    return None


def _versions(work: UnitOfWork, passport: PublicPassport, language: str) -> list[VersionLine]:
    """The newest versions, the newest first, by what was released of them."""
    view = passport.content
    if passport.newest == 1:
        return [_line(view, None, view, language)]
    id = str(view["passport_id"])
    record = document(work, "passport", id)
    if record is None:  # a back-up copy: the versions that it holds
        copy = served_copy(work, id)
        held: Iterable[Mapping[str, Any]] = (
            () if copy is None else reversed(copy[0]["versions"])
        )
    else:
        held = versions(work, record)
    views: list[Mapping[str, Any]] = []
    for kept in held:
        released = kept["public"]
        shown = kept_release(work, released["view"], released["decision_id"], PUBLIC.bpn)
        if shown is not None:
            views.append(read_json(shown.content))
        if len(views) > MOST_VERSIONS:
            break
    if not views:
        return [_line(view, None, view, language)]
    pairs = zip(views, [*views[1:], None], strict=True)
    lines = [_line(one, before, view, language) for one, before in pairs]
    return lines[:MOST_VERSIONS]


def _line(
    one: Mapping[str, Any],
    before: Mapping[str, Any] | None,
    shown: Mapping[str, Any],
    language: str,
) -> VersionLine:
    number = int(one["version"])
    return VersionLine(
        number,
        text("story.version", {"number": str(number)}, language),
        day(one["issued_at"], language),
        text("story.issued", None, language) if number == 1 else _said(one, before, language),
        f"{address_of(one['gtin'], one['serial'])}?version={number}",
        number == int(shown["version"]),
    )


def _said(one: Mapping[str, Any], before: Mapping[str, Any] | None, language: str) -> str:
    """Which public attributes a version states otherwise than the one before."""
    if before is None:
        return ""
    new, old = one["attributes"], before["attributes"]
    members = ("value", "unit", "none", "unknown")
    changed = [
        id
        for id in attribute_table()
        if id not in _ALWAYS_OTHER
        and any((new.get(id) or {}).get(m) != (old.get(id) or {}).get(m) for m in members)
    ]
    if not changed:
        return text("story.unchanged", None, language)
    between = "、" if language == "zh" else ", "
    told = between.join(text(f"attribute.{id}", None, language) for id in changed)
    return text("story.changed", {"attributes": told}, language)
