"""A twin in our registry: kept as its owner says it, released to each reader as it may be seen.

A descriptor is data that leaves like any other. For every reader an identifier names, its own
view is decided, released and kept when the twin is written; the registry hands out these bytes
and searches by what is in them, and by nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.border.calendar import counter_year
from saltbridge.border.context import PUBLIC, Context, Terms
from saltbridge.border.decide import (
    Alike,
    Decision,
    alike,
    decide,
    release_member_alike,
    release_rendered,
)
from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.core.piece import Piece, Shape, piece, whole
from saltbridge.exchange.served import SERVED, TWIN_REGISTRY
from saltbridge.exchange.twins import EVERY_PARTNER, OWNER, Twin, readers, seen_by
from saltbridge.formats.aas_registry import parse_shell, render_shell, shell_bytes
from saltbridge.ports import LogEvent, UnitOfWork, World
from saltbridge.steps.deciding import (
    Proposer,
    circumstances,
    counters_of,
    public_circumstances,
)
from saltbridge.steps.records import document
from saltbridge.steps.release import keep_decision, keep_decision_alike, kept_release
from saltbridge.steps.rules import rule_book
from saltbridge.steps.served_datasets import open_dataset, terms_of
from saltbridge.steps.statement import keep_statement
from saltbridge.steps.twin_index import HERE, LINK, change_rows, rows_of
from saltbridge.steps.twin_written import WrittenTwin

TWIN: Final = "twin"
MEDIA_TYPE: Final = "application/json"
_KIND: Final = {True: "digital-twin-open", False: "digital-twin"}


@dataclass(frozen=True, slots=True)
class KeptTwin:
    """A twin as it is stored, and where its readers' views lie."""

    twin: Twin
    views: Mapping[str, Mapping[str, str]]  # reader -> digest, decision_id


def kept_twin(view: UnitOfWork, id: str) -> KeptTwin | None:
    """The twin of an id, or None: never there, or removed."""
    stored = document(view, TWIN, id)
    if stored is None or stored["descriptor"] is None:
        return None
    return KeptTwin(parse_shell(stored["descriptor"]), stored["views"])


def released_view(view: UnitOfWork, kept: KeptTwin, reader: str) -> Release | None:
    """What was released of a twin to a partner: its own view, else that of every one."""
    for name, audience in ((reader, reader), (EVERY_PARTNER, PUBLIC.bpn)):
        named = kept.views.get(name)
        if named is not None:
            return kept_release(view, named["digest"], named["decision_id"], audience)
    return None


def write_twin(world: World, work: UnitOfWork, twin: Twin, person: str) -> None:
    """Keep a twin, new or changed: its document, its readers' views, and how it is found."""
    before = kept_twin(work, twin.id)
    old = _rows(work, before)
    now = world.clock.now()
    views: dict[str, Mapping[str, str]] = {}
    rows = rows_of(twin, OWNER)
    for reader, terms in _terms(world, work, now, twin).items():
        kept = _unchanged(work, before, twin, reader)
        view, named = kept or _decided(world, work, twin, reader, terms, person, now)
        if view is None:
            continue
        views[reader] = named
        rows += rows_of(view, reader)
    change_rows(work, old, rows)
    _store(work, twin, views, "twin.registered" if before is None else "twin.changed")


def remove_twin(work: UnitOfWork, id: str) -> bool:
    """Have a twin found and seen no more; False where there is none. Its history stays."""
    before = kept_twin(work, id)
    if before is None:
        return False
    change_rows(work, _rows(work, before), ())
    body = canonical_bytes({"id": id, "descriptor": None, "views": {}})
    work.put(TWIN, id, body)
    work.append_leaf("twin.removed", id, body)
    return True


def write_new_twins(world: World, work: UnitOfWork, twins: Sequence[Twin], person: str) -> None:
    """Keep many twins that are all new: one decision for each reader and shape.

    Raises:
        Refused: something of a view would stay, so that each twin has to be decided by itself.
        StaleWrite: one of them is there already; the unit of work must not go on.
    """
    now = world.clock.now()
    bodies, rows = dict[str, bytes](), dict[str, bytes]()
    by_shape: dict[tuple[str, Shape], _Batch] = {}
    views: dict[str, dict[str, Mapping[str, str]]] = {twin.id: {} for twin in twins}
    wholes: dict[str, Piece] = {}
    terms = _terms(world, work, now, *twins)
    for twin in twins:
        rows |= dict.fromkeys(rows_of(twin, OWNER), HERE)
        written = WrittenTwin(twin)
        wholes[twin.id] = written.descriptor(twin)
        for reader in readers(twin):
            seen = seen_by(twin, reader) if reader in terms else None
            if seen is None:
                continue
            rows |= dict.fromkeys(rows_of(seen, reader), HERE)
            made = {
                "kind": piece(_KIND[reader == EVERY_PARTNER]),
                "descriptor": written.descriptor(seen),
            }
            batch = by_shape.setdefault((reader, whole(made).shape), _Batch(reader, {}))
            batch.made[twin.id] = made
    for batch in by_shape.values():
        released = _decided_alike(world, work, batch, terms[batch.reader], person, now)
        for id, release in released.items():
            views[id][batch.reader] = _named(release)
    for id, descriptor in wholes.items():
        members = {"id": piece(id), "descriptor": descriptor, "views": piece(views[id])}
        bodies[id] = whole(members).content
    work.put_new(TWIN, bodies)
    work.put_new(LINK, rows)
    work.append_leaves(LogEvent("twin.registered", id, body) for id, body in bodies.items())


@dataclass(frozen=True, slots=True)
class _Batch:
    reader: str
    made: dict[str, Mapping[str, Piece]]  # members of the document, by id of the twin


def _terms(world: World, work: UnitOfWork, now: datetime, *twins: Twin) -> dict[str, Terms]:
    """The terms for every reader we can answer: partners we know, and all of them together."""
    wanted = {reader for twin in twins for reader in readers(twin)}
    known = sorted(r for r in wanted if r == EVERY_PARTNER or world.node.partner(r) is not None)
    if not known:
        return {}
    named = [r for r in known if r != EVERY_PARTNER]
    title = "Digital twins"
    dataset = open_dataset(world, work, TWIN_REGISTRY, named, title=title, now=now)
    return dict.fromkeys(known, terms_of(dataset))


def _border_document(seen: Twin, reader: str) -> dict[str, Any]:
    return {"kind": _KIND[reader == EVERY_PARTNER], "descriptor": render_shell(seen)}


def _context(
    world: World, work: UnitOfWork, reader: str, terms: Terms, person: str, now: datetime
) -> Context:
    purpose = SERVED[TWIN_REGISTRY].purpose
    partner = world.node.partner(reader)
    if partner is None:
        return public_circumstances(world, purpose, person, now)
    return circumstances(
        world,
        decision_id=world.identifiers.urn_uuid(),
        partner=partner,
        terms=terms,
        purpose=purpose,
        now=now,
        counters=counters_of(work, counter_year(now)),
        proposer=Proposer(name=person),
    )


def _decide(
    world: World,
    work: UnitOfWork,
    given: Mapping[str, Any],
    reader: str,
    terms: Terms,
    person: str,
    now: datetime,
) -> Decision:
    context, book = _context(world, work, reader, terms, person, now), rule_book(work)
    return decide(given, context, book.catalogue(given["kind"], context), book.packs)


def _decided(
    world: World,
    work: UnitOfWork,
    twin: Twin,
    reader: str,
    terms: Terms,
    person: str,
    now: datetime,
) -> tuple[Twin | None, Mapping[str, str]]:
    """The view of a reader as it was released, and where; None where nothing may be seen."""
    seen = seen_by(twin, reader)
    if seen is None:
        return None, {}
    given = _border_document(seen, reader)
    decision = _decide(world, work, given, reader, terms, person, now)
    shown = decision.view.get("descriptor") or {}
    if "id" not in shown:  # without its id nobody could ask for it again
        keep_decision(work, decision, None)
        return None, {}
    release = release_rendered(decision, _rendered, MEDIA_TYPE)
    record, _ = keep_decision(work, decision, release)
    keep_statement(world, work, decision, record, [release], now)
    work.put_release(release)
    return parse_shell(shown), _named(release)


def _decided_alike(
    world: World, work: UnitOfWork, batch: _Batch, terms: Terms, person: str, now: datetime
) -> dict[str, Release]:
    first = whole(next(iter(batch.made.values())))
    decided = _alike(world, work, first, batch.reader, terms, person, now)
    released = {
        id: release_member_alike(decided, made, "descriptor", MEDIA_TYPE)
        for id, made in batch.made.items()
    }
    record = keep_decision_alike(
        work, decided.decision, {id: [release] for id, release in released.items()}
    )
    keep_statement(world, work, decided.decision, record, [*released.values()], now)
    work.put_releases(released.values())
    return released


def _alike(
    world: World,
    work: UnitOfWork,
    first: Piece,
    reader: str,
    terms: Terms,
    person: str,
    now: datetime,
) -> Alike:
    decision = _decide(world, work, read_json(first.content), reader, terms, person, now)
    if decision.stays or decision.minimised:
        raise Refused.of("border.not-alike", kind=decision.document_kind)
    return alike(decision, first)


def _unchanged(
    work: UnitOfWork, before: KeptTwin | None, twin: Twin, reader: str
) -> tuple[Twin, Mapping[str, str]] | None:
    """The view a reader has already, where it would be the very same."""
    named = before.views.get(reader) if before else None
    seen = seen_by(twin, reader)
    if named is None or seen is None:
        return None
    audience = PUBLIC.bpn if reader == EVERY_PARTNER else reader
    release = kept_release(work, named["digest"], named["decision_id"], audience)
    if release is None or release.content != shell_bytes(render_shell(seen)):
        return None
    return seen, named


def _rows(work: UnitOfWork, kept: KeptTwin | None) -> list[str]:
    """The rows by which a stored twin is found now, worked out from what was released."""
    if kept is None:
        return []
    rows = rows_of(kept.twin, OWNER)
    for reader, named in kept.views.items():
        release = work.get_release(named["digest"], named["decision_id"])
        seen = parse_shell(_read(release)) if release else seen_by(kept.twin, reader)
        rows += rows_of(seen, reader) if seen else []
    return rows


def _store(
    work: UnitOfWork, twin: Twin, views: Mapping[str, Mapping[str, str]], event: str
) -> None:
    body = _body(twin, views)
    work.put(TWIN, twin.id, body)
    work.append_leaf(event, twin.id, body)


def _body(twin: Twin, views: Mapping[str, Mapping[str, str]]) -> bytes:
    return canonical_bytes({"id": twin.id, "descriptor": render_shell(twin), "views": views})


def _named(release: Release) -> dict[str, str]:
    return {"digest": release.digest, "decision_id": release.decision_id}


def _rendered(view: Mapping[str, Any]) -> bytes:
    return shell_bytes(view["descriptor"])


def _read(release: Release) -> Any:
    return read_json(release.content)
