"""Aspects of twins: their content decided and released per partner, kept under their id."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.border.calendar import counter_year
from saltbridge.border.context import Secrets, Terms
from saltbridge.border.decide import Decision, alike, release_rendered, release_rendered_alike
from saltbridge.border.manifest import counters_after
from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.core.piece import Piece, Shape, piece
from saltbridge.exchange.twins import TwinEvent
from saltbridge.formats.aas_registry import parse_shell
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.deciding import (
    Proposer,
    circumstances,
    counters_of,
    decided,
    keep_counters,
)
from saltbridge.steps.records import document
from saltbridge.steps.release import keep_decision, keep_decision_alike, kept_release
from saltbridge.steps.statement import keep_statement
from saltbridge.steps.twin_keeping import kept_twin, released_view

ASPECT: Final = "twin-aspect"
MEDIA_TYPE: Final = "application/json"


@dataclass(frozen=True, kw_only=True, slots=True)
class AspectOf:
    """One aspect of one twin, and the document it is made from."""

    id: str
    twin_id: str
    global_asset_id: str
    semantic_id: str
    given: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Handing:
    """To whom aspects are handed, under which terms, and who answers for it.

    ``render`` makes the content from what was decided; None where nothing is left to say.
    """

    partner: Partner
    terms: Terms
    render: Callable[[Mapping[str, Any]], bytes | None]
    person: str
    now: datetime
    secrets: Secrets


def release_aspects(
    world: World, work: UnitOfWork, aspects: Mapping[str, AspectOf], handing: Handing
) -> dict[str, Release]:
    """The released content of these aspects, by id, for one partner; not yet kept as theirs.

    Documents of one shape share a decision where nothing of them stays (decision 41). What is
    the same as before keeps its release, and no decision is kept for it.
    """
    shapes: dict[Shape, dict[str, Piece]] = {}
    for id, aspect in aspects.items():
        made = piece(dict(aspect.given))
        shapes.setdefault(made.shape, {})[id] = made
    released: dict[str, Release] = {}
    for pieces in shapes.values():
        first = read_json(next(iter(pieces.values())).content)
        decision = _decide(world, work, first, handing)
        kind = first["kind"]
        try:
            shared = alike(decision, next(iter(pieces.values())))
        except Refused:
            released |= _one_by_one(world, work, pieces, handing)
            continue
        render = _never_empty(handing.render, kind)
        made_new = {}
        for id, made in pieces.items():
            release = release_rendered_alike(shared, made, render, MEDIA_TYPE)
            before = _before(work, id, handing.partner.bpn)
            if before is not None and before.content == release.content:
                released[id] = before
            else:
                made_new[id] = release
        if made_new:
            record = keep_decision_alike(work, decision, {i: [r] for i, r in made_new.items()})
            # Batteries may have the very same content: it is released once.
            different = {r.digest: r for r in made_new.values()}
            keep_statement(world, work, decision, record, [*different.values()], handing.now)
            work.put_releases(different.values())
            released |= made_new
    return released


def keep_aspects(
    work: UnitOfWork,
    aspects: Mapping[str, AspectOf],
    released: Mapping[str, Mapping[str, Release]],
) -> None:
    """Keep where the content of each aspect lies for each partner: BPN -> id -> release.

    A partner left out keeps what it had.
    """
    for id, aspect in aspects.items():
        before = document(work, ASPECT, id) or {"releases": {}}
        named = {
            bpn: {"digest": each[id].digest, "decision_id": each[id].decision_id}
            for bpn, each in released.items()
            if id in each
        }
        body = canonical_bytes(
            {
                "id": id,
                "twin_id": aspect.twin_id,
                "semantic_id": aspect.semantic_id,
                "releases": {**before["releases"], **named},
            }
        )
        stored = work.get(ASPECT, id)
        if stored is None or stored.body != body:
            work.put(ASPECT, id, body)


def take_aspect_from(work: UnitOfWork, id: str, readers: Collection[str]) -> bool:
    """Hand an aspect out to these partners (BPNs) no more; whether others still have it."""
    kept = document(work, ASPECT, id)
    if kept is None:
        return False
    left = {bpn: named for bpn, named in kept["releases"].items() if bpn not in readers}
    if left != kept["releases"]:
        work.put(ASPECT, id, canonical_bytes({**kept, "releases": left}))
    return bool(left)


def news_of(
    work: UnitOfWork,
    aspects: Mapping[str, AspectOf],
    released: Mapping[str, Release],
    reader: str,
) -> list[TwinEvent]:
    """What is new to a partner among these aspects, before they are kept."""
    before = {id: read_json(r.body) for id, r in work.get_many(ASPECT, aspects).items()}
    news = []
    for id, release in released.items():
        had = before.get(id, {"releases": {}})["releases"].get(reader)
        if had is None or had["digest"] != release.digest:
            kind = "CreateSubmodel" if had is None else "UpdateSubmodel"
            news.append(TwinEvent(kind, aspects[id].global_asset_id, aspects[id].semantic_id))
    return news


def released_aspect(view: UnitOfWork, id: str, semantic_id: str, reader: str) -> Release | None:
    """The content of an aspect for a partner, if it is of the meaning that was agreed.

    Only while the partner may see the twin, and the twin has the aspect: what was taken out of
    the registry is not handed out to who still knows its address.
    """
    kept = document(view, ASPECT, id)
    if kept is None or kept["semantic_id"] != semantic_id:
        return None
    twin = kept_twin(view, kept["twin_id"])
    shown = released_view(view, twin, reader) if twin else None
    if shown is None or all(a.id != id for a in parse_shell(read_json(shown.content)).aspects):
        return None
    return _released(view, kept, reader)


def _released(view: UnitOfWork, kept: Mapping[str, Any], reader: str) -> Release | None:
    named = kept["releases"].get(reader)
    if named is None:
        return None
    return kept_release(view, named["digest"], named["decision_id"], reader)


def _before(work: UnitOfWork, id: str, reader: str) -> Release | None:
    kept = document(work, ASPECT, id)
    return None if kept is None else _released(work, kept, reader)


def _decide(
    world: World, work: UnitOfWork, given: Mapping[str, Any], handing: Handing
) -> Decision:
    context = circumstances(
        world,
        decision_id=world.identifiers.urn_uuid(),
        partner=handing.partner,
        terms=handing.terms,
        purpose=handing.terms.purposes[0],
        now=handing.now,
        counters=counters_of(work, counter_year(handing.now)),
        proposer=Proposer(name=handing.person),
    )
    return decided(work, given, str(given["kind"]), context, handing.secrets)


def _one_by_one(
    world: World, work: UnitOfWork, pieces: Mapping[str, Piece], handing: Handing
) -> dict[str, Release]:
    """Each decided by itself: something of them stays, or was looked at by its value."""
    released = {}
    for id, made in pieces.items():
        decision = _decide(world, work, read_json(made.content), handing)
        content = None if decision.withholds_all_but_public else handing.render(decision.view)
        if content is None:
            keep_decision(work, decision, None)
            continue
        before = _before(work, id, handing.partner.bpn)
        if before is not None and before.content == content:
            released[id] = before
            continue
        rendered = _never_empty(handing.render, decision.document_kind)
        release = release_rendered(decision, rendered, MEDIA_TYPE)
        record, _ = keep_decision(work, decision, release)
        keep_statement(world, work, decision, record, [release], handing.now)
        keep_counters(work, counters_after(decision))
        work.put_release(release)
        released[id] = release
    return released


def _never_empty(
    render: Callable[[Mapping[str, Any]], bytes | None], kind: str
) -> Callable[[Mapping[str, Any]], bytes]:
    def rendered(view: Mapping[str, Any]) -> bytes:
        content = render(view)
        if content is None:
            raise Refused.of("border.nothing-leaves", kind=kind)
        return content

    return rendered
