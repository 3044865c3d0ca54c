"""Asking the partners to witness this node's log, and keeping what they say.

No leaf is written for a cosignature: it is stored with the checkpoint. So two nodes that
witness each other come to rest: a leaf about the other's checkpoint asks nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import SaltbridgeError, Unavailable
from saltbridge.core.finding import Finding
from saltbridge.ports import HttpAnswer, OutboxEntry, Partner, UnitOfWork, World
from saltbridge.steps.log import (
    ASKED,
    CHECKPOINT,
    checkpoint_id,
    current_checkpoint,
    kept_checkpoint,
)
from saltbridge.steps.records import document
from saltbridge.steps.witnessing import COSIGNED, log_url
from saltbridge.trust.checkpoint import (
    log_keys,
    parse_checkpoint,
    render_add_checkpoint,
    verify_cosignatures,
    with_signatures,
)
from saltbridge.trust.did import VerificationKey, iso, parse_did_document
from saltbridge.trust.note import (
    Note,
    NoteSignature,
    parse_signatures,
    render_note,
)
from saltbridge.trust.suites import NotVerified

_LIMIT_BYTES: Final = 20_000
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of asking one partner: the size it cosigned (0: none), or why not."""

    partner: Partner
    size: int
    finding: Finding | None = None


def ask_waiting(world: World, entry: OutboxEntry) -> None:
    """Have a partner witness the newest checkpoint; what was asked meanwhile is asked too.

    The entry leaves the outbox in the unit of work that sees that nothing newer was asked for,
    so that no asking is lost between the two.

    Raises:
        Unavailable: the partner cannot be reached, or does not cosign now.
    """
    did = str(read_json(entry.body)["did"])
    for _ in range(_ROUNDS):
        partner = world.node.partner(did)
        size = 0 if partner is None else ask(world, partner)
        with world.store.unit_of_work() as work:
            asked = document(work, ASKED, "current") or {"size": 0}
            if not size or asked["size"] <= size:
                work.done(entry.id)
                return
    raise Unavailable.of("log.witness-behind", partner=partner.name if partner else did)


def ask_all(world: World) -> Sequence[Asked]:
    """Ask every partner now; one that cannot be reached does not hold up the others."""
    answers = []
    for partner in tuple(world.node.partners):
        try:
            answers.append(Asked(partner, ask(world, partner)))
        except SaltbridgeError as fault:
            answers.append(Asked(partner, 0, fault.findings[0]))
    return answers


def ask(world: World, partner: Partner) -> int:
    """Have one partner cosign the newest checkpoint; its size, or 0 where it keeps no log.

    Raises:
        Unavailable: the partner cannot be reached, or does not cosign now.
        Refused: this node's log is not the one that was signed before.
    """
    did_document = world.did_resolver.resolve(partner.did)
    url = log_url(did_document)
    if url is None:
        return 0
    keys = log_keys(parse_did_document(did_document), at=world.clock.now())
    with world.store.unit_of_work() as work:
        note = current_checkpoint(world, work)
        known = (document(work, COSIGNED, partner.did) or {"size": 0})["size"]
    size = parse_checkpoint(note.text).size
    answer = _post(world, partner, url, note, int(known))
    if answer.status == 409:  # it saw further, or less: it says how far
        answer = _post(world, partner, url, note, _size_in(answer, partner, size))
    if answer.status != 200:
        raise Unavailable.of("log.witness-refused", partner=partner.name, status=answer.status)
    lines = _cosignatures(answer.content, partner, note, keys)
    with world.store.unit_of_work() as work:
        _keep(world, work, partner, size, lines)
    return size


def _post(world: World, partner: Partner, url: str, note: Note, known: int) -> HttpAnswer:
    size = parse_checkpoint(note.text).size
    old = known if known <= size else 0
    with world.store.reading() as view:
        proof = view.consistency_proof(old, size) if 0 < old < size else ()
    return world.http.send(
        "POST",
        f"{url}/witness/add-checkpoint",
        headers={"content-type": "text/plain; charset=utf-8"},
        content=render_add_checkpoint(old, proof, note),
        limit_bytes=_LIMIT_BYTES,
    )


def _size_in(answer: HttpAnswer, partner: Partner, size: int) -> int:
    """The size a witness saw.

    Raises:
        Unavailable: it does not say, or it saw more leaves than this log has: then the log
            lost some, and no checkpoint may be signed over that.
    """
    text = answer.content.decode("ascii", "replace").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 17):
        raise Unavailable.of("log.witness-refused", partner=partner.name, status=answer.status)
    if int(text) > size:
        raise Unavailable.of(
            "log.witness-ahead", partner=partner.name, seen=int(text), leaves=size
        )
    return int(text)


def _cosignatures(
    content: bytes, partner: Partner, note: Note, keys: Sequence[VerificationKey]
) -> tuple[NoteSignature, ...]:
    """The lines of the partner itself that hold; lines of others are ignored.

    Raises:
        Unavailable: there is none.
    """
    try:
        lines = tuple(
            line
            for line in parse_signatures(content.decode("utf-8", "replace"))
            if line.name == partner.did
        )
        if lines and verify_cosignatures(with_signatures(note, lines), partner.did, keys):
            return lines
    except NotVerified as fault:
        raise Unavailable(fault.findings) from fault
    raise Unavailable.of("log.witness-refused", partner=partner.name, status=200)


def _keep(
    world: World,
    work: UnitOfWork,
    partner: Partner,
    size: int,
    lines: Sequence[NoteSignature],
) -> None:
    """Store cosignatures with their checkpoint, and how far the partner has seen."""
    note = kept_checkpoint(work, size)
    if note is None:
        raise RuntimeError(f"the checkpoint of {size} leaves was kept and is gone")
    names = {(s.name, s.key_id) for s in note.signatures}
    if any((s.name, s.key_id) not in names for s in lines):
        work.put(CHECKPOINT, checkpoint_id(size), render_note(with_signatures(note, lines)))
    before = document(work, COSIGNED, partner.did)
    if before is None or before["size"] < size:
        told = {"size": size, "at": iso(world.clock.now())}
        work.put(COSIGNED, partner.did, canonical_bytes(told))
