"""Official lists and the company's own rows: check, load, list, withdraw.

What makes anything stricter holds at once. What makes anything milder (a field may leave that
stayed before) waits for a second person who may load rules and gives the same command for the
very same list.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from saltbridge.accounts.account import State
from saltbridge.accounts.model import Act, Person
from saltbridge.border.annex import (
    Annex,
    ClassChange,
    HouseRow,
    changes,
    opens_a_door,
    reclassified,
)
from saltbridge.border.catalogue import catalogue_for, catalogued_kinds
from saltbridge.border.rules import LOADED, packaged_packs
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.formats.annex_file import (
    annex_document,
    annex_of,
    house_row_document,
    house_row_of,
    parse_annex,
)
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.approvers import are_independent
from saltbridge.steps.people import account_by_id
from saltbridge.steps.records import document, every
from saltbridge.steps.rules import (
    ANNEX,
    HOUSE_ROW,
    IN_FORCE,
    STRICTER_ONLY,
    WITHDRAWN,
    rule_book,
)
from saltbridge.trust.did import iso

AWAITS_SECOND: Final = "awaits-second-person"


@dataclass(frozen=True, slots=True)
class Preview:
    """What a list would change, and what a person should know before loading it."""

    annex: Annex
    changes: tuple[ClassChange, ...]
    findings: tuple[Finding, ...]
    unchanged: int  # rows of the catalogues that keep their class

    @property
    def milder(self) -> bool:
        """Whether a field may leave afterwards that stayed before."""
        return any(change.milder for change in self.changes)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: ``in-force``, ``stricter-only``, ``withdrawn``, or it waits."""

    id: str
    state: str
    digest: str
    changes: tuple[ClassChange, ...] = ()


def check(world: World, content: bytes, name: str) -> Preview:
    """What loading this file would change. Nothing is stored.

    Raises:
        FaultyInput: the file is not understood completely; all findings at once.
    """
    annex = _annex(content, name)
    with world.store.reading() as view:
        return _preview(view, annex)


def load(world: World, person: Person, content: bytes, name: str) -> Outcome:
    """Load an official list. Where it makes something milder a second person has to as well.

    Raises:
        Refused: the person may not load rules.
        FaultyInput: the file is not understood completely; nothing is stored.
    """
    _must_load_rules(person)
    annex = _annex(content, name)
    now = iso(world.clock.now())
    with world.store.unit_of_work() as work:
        seen = _preview(work, annex)
        known: Mapping[str, Any] = document(work, ANNEX, annex.pack) or {}
        same = known.get("digest") == annex.digest and known.get("state") == STRICTER_ONLY
        if known.get("digest") == annex.digest and known.get("state") == IN_FORCE:
            return Outcome(annex.pack, IN_FORCE, annex.digest)
        second = None
        state = STRICTER_ONLY if seen.milder else IN_FORCE
        first = _who(person)
        if same and _is_another(work, known["loaded_by"], person):
            state, first, second = IN_FORCE, known["loaded_by"], _who(person)
        record = {
            "pack": annex.pack,
            "state": state,
            "digest": annex.digest,
            "annex": annex_document(annex),
            "loaded_at": known["loaded_at"] if second else now,
            "loaded_by": first,
            "confirmed_by": second,
            "confirmed_at": now if second else "",
            "withdrawal_asked_by": None,
        }
        _write(work, ANNEX, annex.pack, record, "rules.annex-loaded")
    return Outcome(annex.pack, state, annex.digest, seen.changes)


def withdraw(world: World, person: Person, pack: str) -> Outcome:
    """Take a list back. Where that makes something milder a second person has to as well.

    Raises:
        Refused: the person may not load rules.
        FaultyInput: no such list is loaded.
    """
    _must_load_rules(person)
    with world.store.unit_of_work() as work:
        known = document(work, ANNEX, pack)
        if known is None or known["state"] == WITHDRAWN:
            raise FaultyInput.of("annex.not-loaded", pack=pack[:80])
        annex = annex_of(known["annex"], confirmed=known["state"] == IN_FORCE)
        undone = _changes(work, before=annex, after=None)
        return _take_back(world, work, ANNEX, pack, known, person, undone)


def loaded(world: World) -> tuple[Mapping[str, Any], ...]:
    """The lists that were ever loaded at this node, withdrawn ones too."""
    with world.store.reading() as view:
        return tuple(read_json(record.body) for record in every(view, ANNEX))


def add_row(world: World, person: Person, stated: Mapping[str, Any]) -> Outcome:
    """Classify a field, or a pattern, more strictly than the packaged catalogue does.

    Raises:
        Refused: the person may not load rules.
        FaultyInput: the row is not understood, or changes nothing.
    """
    _must_load_rules(person)
    row = house_row_of(stated)
    with world.store.unit_of_work() as work:
        known = document(work, HOUSE_ROW, row.digest)
        if known is not None and known["state"] == IN_FORCE:
            return Outcome(row.digest, IN_FORCE, row.digest)
        made = _row_changes(row)
        record = {
            "id": row.digest,
            "state": IN_FORCE,
            "row": house_row_document(row),
            "digest": row.digest,
            "loaded_at": iso(world.clock.now()),
            "loaded_by": _who(person),
            "withdrawal_asked_by": None,
        }
        _write(work, HOUSE_ROW, row.digest, record, "rules.row-added")
    return Outcome(row.digest, IN_FORCE, row.digest, made)


def remove_row(world: World, person: Person, id: str) -> Outcome:
    """Take a row of one's own back: always milder, so a second person has to as well.

    Raises:
        Refused: the person may not load rules.
        FaultyInput: there is no such row.
    """
    _must_load_rules(person)
    with world.store.unit_of_work() as work:
        known = document(work, HOUSE_ROW, id)
        if known is None or known["state"] == WITHDRAWN:
            raise FaultyInput.of("annex.no-such-row", id=id[:80])
        undone = tuple(
            replace(c, before=c.after, after=c.before)
            for c in _row_changes(house_row_of(known["row"]))
        )
        return _take_back(world, work, HOUSE_ROW, id, known, person, undone)


def house_rows(world: World) -> tuple[Mapping[str, Any], ...]:
    """The rows this company ever added."""
    with world.store.reading() as view:
        return tuple(read_json(record.body) for record in every(view, HOUSE_ROW))


def _annex(content: bytes, name: str) -> Annex:
    annex = parse_annex(content, name)
    packs = {p.id: p for p in packaged_packs() if p.state != LOADED}
    pack = packs.get(annex.pack)
    if pack is None:
        known = ", ".join(sorted(packs))
        raise FaultyInput.of("annex.unknown-pack", found=annex.pack[:80], known=known)
    if pack.edition != annex.edition:
        raise FaultyInput.of("annex.other-edition", found=annex.edition[:80], due=pack.edition)
    return annex


def _preview(view: UnitOfWork, annex: Annex) -> Preview:
    stored = document(view, ANNEX, annex.pack)
    before = None
    if stored is not None and stored["state"] != WITHDRAWN:
        before = annex_of(stored["annex"], confirmed=stored["state"] == IN_FORCE)
    found = _changes(view, before=before, after=annex)
    notes = list(_doors(annex))
    pack = next(p for p in packaged_packs() if p.id == annex.pack)
    if pack.annex_items and pack.annex_items != len(annex.items):
        notes.append(
            finding(
                "annex.other-number",
                severity=Severity.WARNING,
                found=len(annex.items),
                due=pack.annex_items,
            )
        )
    rows = sum(len(catalogue_for(kind).entries) for kind in catalogued_kinds())
    return Preview(annex, found, tuple(notes), rows - len(found))


def _doors(annex: Annex) -> Iterable[Finding]:
    """Rows with a wildcard are freed for nobody: unknown fields would leave with them."""
    for kind in catalogued_kinds():
        for entry in catalogue_for(kind).entries:
            becomes = annex.milder(kind, entry)
            if becomes is not None and opens_a_door(entry, becomes):
                yield finding(
                    "annex.open-door", severity=Severity.WARNING, kind=kind, path=entry.path
                )


def _changes(
    view: UnitOfWork, *, before: Annex | None, after: Annex | None
) -> tuple[ClassChange, ...]:
    """What becomes of the packaged rows under one list, the other loaded lists as they are.

    Judged as if every other pack with a list frees what it frees: a change that only another
    list holds back counts, since that list may be withdrawn later.
    """
    book = rule_book(view)
    pack = "".join({a.pack for a in (before, after) if a})
    others = tuple(a for a in book.annexes if a.pack != pack)
    found: list[ClassChange] = []
    for kind in catalogued_kinds():
        for listed_by in ({pack}, {pack, *(a.pack for a in others)}):
            old, new = (
                reclassified(
                    catalogue_for(kind),
                    listed_by,
                    ([one] if one else []) + [a for a in others if a.pack in listed_by],
                    (),
                )
                for one in (before, after)
            )
            found += [c for c in changes(old, new) if c not in found]
    return tuple(found)


def _row_changes(row: HouseRow) -> tuple[ClassChange, ...]:
    kinds = sorted(row.kinds) or catalogued_kinds()
    return tuple(
        change
        for kind in kinds
        for change in changes(
            catalogue_for(kind), reclassified(catalogue_for(kind), (), (), (row,))
        )
    )


def _take_back(
    world: World,
    work: UnitOfWork,
    kind: str,
    id: str,
    known: Mapping[str, Any],
    person: Person,
    undone: tuple[ClassChange, ...],
) -> Outcome:
    asked = known.get("withdrawal_asked_by")
    milder = kind == HOUSE_ROW or any(c.milder for c in undone)
    if milder and (asked is None or not _is_another(work, asked, person)):
        record = {**known, "withdrawal_asked_by": _who(person)}
        _write(work, kind, id, record, "rules.withdrawal-asked")
        return Outcome(id, AWAITS_SECOND, known["digest"], undone)
    record = {
        **known,
        "state": WITHDRAWN,
        "withdrawn_by": [asked, _who(person)] if milder else [_who(person)],
        "withdrawn_at": iso(world.clock.now()),
    }
    _write(work, kind, id, record, "rules.withdrawn")
    return Outcome(id, WITHDRAWN, known["digest"], undone)


def _is_another(work: UnitOfWork, first: Mapping[str, Any], person: Person) -> bool:
    """Whether the first person may still load rules, and is surely not the second one too."""
    account = account_by_id(work, first["id"])
    if account is not None and not (
        account.state is State.ACTIVE and account.person().may(Act.LOAD_RULES)
    ):
        return False
    return are_independent(work, first["id"], person.id)


def _must_load_rules(person: Person) -> None:
    if not person.may(Act.LOAD_RULES):
        raise Refused.of("annex.may-not", person=person.name)


def _who(person: Person) -> dict[str, str]:
    return {"id": person.id, "name": person.name}


def _write(work: UnitOfWork, kind: str, id: str, record: Mapping[str, Any], event: str) -> None:
    body = canonical_bytes(dict(record))
    work.put(kind, id, body)
    work.append_leaf(event, id, body)
