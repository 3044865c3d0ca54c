"""Replay: a receipt of this node → its footprint worked out again → equal, or what differs.

The receipt comes as a saved file, as its id, or as the id of its footprint.
"""

from collections.abc import Mapping
from typing import Any

from saltbridge.accounts.model import Person
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import every
from saltbridge.steps.replaying import Replay, rerun
from saltbridge.steps.verification import note_access, require_sight
from saltbridge.trust.claims import Receipt, verify

LATEST = "latest"


def replay_receipt(
    world: World, person: Person, receipt: str, content: bytes | None = None
) -> Replay:
    """The footprint behind a receipt, worked out again from the archived inputs.

    ``content`` is the receipt's file, where it is one; ``receipt`` names it otherwise (its id,
    the id of its footprint, or ``latest``).

    Raises:
        FaultyInput: this node keeps no footprint of that receipt.
        Refused: the person may not see it.
    """
    with world.store.reading() as view:
        id = _footprint_of(world, view, receipt, content)
    with world.store.unit_of_work() as work:
        require_sight(work, person, id, world.clock.now().date())
        note_access(world, work, person, "replayed", id)
    with world.store.reading() as view:
        return rerun(world, view, id)


def _footprint_of(world: World, view: UnitOfWork, receipt: str, content: bytes | None) -> str:
    wanted = None
    if content is not None:
        claim = parse_claim_file(content, receipt).claim
        if not isinstance(claim, Receipt):
            raise FaultyInput.of("replay.not-a-receipt", name=receipt, found=claim.type.value)
        wanted = claim.jws
    newest: tuple[str, str] | None = None
    document = world.keyring.did_document()
    for record in every(view, "footprint"):
        stored = read_json(record.body)
        newest = max(newest or ("", ""), (str(stored["made_at"]), record.id))
        if wanted is not None:
            if stored["receipt"] == wanted:
                return record.id
        elif receipt == record.id or receipt == _id_of(stored["receipt"], document):
            return record.id
    if receipt == LATEST and wanted is None and newest is not None:
        return newest[1]
    raise FaultyInput.of("replay.no-such-receipt", receipt=receipt[:120])


def _id_of(jws: str, document: Mapping[str, Any]) -> str:
    """Id of a receipt of this node; empty where its signature does not hold."""
    try:
        return verify(Receipt(jws), document).id
    except SaltbridgeError:
        return ""
