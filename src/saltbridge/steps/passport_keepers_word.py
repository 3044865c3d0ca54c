"""What a keeper last had of an operator who is gone: its DID document and its status lists.

Both lay at the operator's own address, and with it they are gone. The keeper says under its
own signature what they were and of which day, so that a reader can still check a passport: as
of that day, by the word of this keeper. The lists are signed by the operator themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.border.context import PUBLIC
from saltbridge.border.decide import decide
from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps import passport_copies as kept
from saltbridge.steps.deciding import public_circumstances
from saltbridge.steps.records import document, every
from saltbridge.steps.release import keep_decision, kept_release, released_claim
from saltbridge.steps.rules import rule_book
from saltbridge.steps.statement import keep_statement
from saltbridge.trust.claims import PassportKeeping
from saltbridge.trust.did import parse_did_document
from saltbridge.trust.signature import open_jws

KIND: Final = "passport-keeping"
PURPOSE: Final = "checking battery passports whose operator is gone"
MEMBER: Final = "word"  # in the record of the operator: where the released word is


@dataclass(frozen=True, slots=True)
class KeepersWord:
    """What the word says; nothing in it is verified but that it has this form."""

    operator: str  # DID
    operator_name: str
    as_of: str  # when the operator sent the newest batch
    did_document: Mapping[str, Any]
    lists: tuple[bytes, ...]


def word_in(content: Mapping[str, Any]) -> KeepersWord:
    """What the content of a verified claim says.

    Raises:
        FaultyInput: it is not such a word.
    """
    texts = ("operator", "operator_name", "as_of", "did_document")
    lists = content.get("lists")
    sound = content.get("kind") == KIND and isinstance(lists, list)
    if not sound or not all(isinstance(content.get(m), str) for m in texts):
        raise FaultyInput.of("copy.member", member="keeping")
    told = read_json(content["did_document"])
    parse_did_document(told, did=content["operator"])
    tokens = tuple(str(token).encode() for token in lists or ())
    return KeepersWord(
        content["operator"], content["operator_name"], content["as_of"], told, tokens
    )


def signed_word(
    world: World, work: UnitOfWork, operator: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    """The record of an operator with the keeper's word as it stands now, signed and released.

    Nothing is said before a batch came in: there is no copy either.

    Raises:
        Refused: the border room withholds it.
    """
    did = str(operator["did"])
    state = document(work, kept.STATE, did)
    if state is None or operator.get("did_document") is None:
        return dict(operator)
    shown = {
        "kind": KIND,
        "operator": did,
        "operator_name": str(operator["name"]),
        "as_of": str(state["at"]),
        "served_since": str(operator["serving"]["at"]),
        "did_document": canonical_bytes(operator["did_document"]).decode(),
        "lists": _tokens(work, did),
    }
    context = public_circumstances(world, PURPOSE, str(operator["serving"]["person"]), now)
    book = rule_book(work)
    decision = decide(shown, context, book.catalogue(KIND, context), book.packs)
    if decision.stays or decision.minimised:
        raise Refused.of("copy.word-withheld", operator=did)
    _, released = released_claim(world, work, decision, PassportKeeping, now)
    record, _ = keep_decision(work, decision, released)
    keep_statement(world, work, decision, record, [released], now)
    place = {"digest": work.put_release(released), "decision_id": record["id"]}
    return {**operator, MEMBER: place}


def released_word(view: UnitOfWork, passport_id: str) -> Release | None:
    """The word about the operator of a copy that is served; None where there is none."""
    found = kept.served_copy(view, passport_id)
    place = None if found is None else found[1].get(MEMBER)
    if place is None:
        return None
    return kept_release(view, place["digest"], place["decision_id"], PUBLIC.bpn)


def _tokens(work: UnitOfWork, did: str) -> list[str]:
    """The newest tokens of the lists that this operator signed."""
    tokens = [str(read_json(record.body)["token"]) for record in every(work, kept.LIST)]
    return [t for t in tokens if read_json(open_jws(t).payload).get("iss") == did]
