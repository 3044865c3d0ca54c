"""Opening the commitment of a release for a verifier, and checking an opening.

A release that holds a commitment binds its maker to what was withheld. The opening is the salt
and the value; whoever has the released bytes can check that they belong together. It is made
from the document the release was made of, which the maker keeps; nothing is sent from here.
"""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.border.catalogue import catalogue_for, segments
from saltbridge.border.minimise import commitment_salt
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.ports import World
from saltbridge.steps.border_key import kept_border_key
from saltbridge.steps.records import document
from saltbridge.trust.signature import open_jws

FORM: Final = "commitment-opening"


def open_commitment(world: World, decision_id: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The opening (salt and values) of what a release committed to, checked against it.

    ``given`` is the document the release was made of.

    Raises:
        FaultyInput: no such decision, nothing was committed to, or its bytes were erased.
        Refused: the document is not the one the release was made of.
    """
    with world.store.reading() as view:
        record = document(view, "decision", decision_id)
        if record is None:
            raise FaultyInput.of("border.unknown-decision", id=decision_id[:80])
        release = view.get_release(record["digest"] or "", decision_id)
        secrets = kept_border_key(world.keyring, view)
    if release is None or secrets is None:
        raise FaultyInput.of("border.no-commitment", id=decision_id[:80])
    salt = commitment_salt(decision_id, secrets)
    commitments = []
    for derivation in catalogue_for(record["document_kind"]).derivations:
        if derivation.transform == "commitment":
            value = _at(given, derivation.source)
            commitments.append({"path": derivation.into, "value": value})
    opening = {
        "saltbridge": FORM,
        "decision": decision_id,
        "released_digest": release.digest,
        "salt": salt.hex(),
        "commitments": commitments,
    }
    if not commitments:
        raise FaultyInput.of("border.no-commitment", id=decision_id[:80])
    check_opening(opening, release.content)
    return opening


def check_opening(opening: Mapping[str, Any], payload: bytes) -> tuple[str, ...]:
    """The paths at which the released bytes commit to exactly the opened values.

    Raises:
        FaultyInput: not an opening, or the bytes are not a signed release.
        Refused: they do not belong together.
    """
    rows = opening.get("commitments")
    salt_text = opening.get("salt")
    if opening.get("saltbridge") != FORM or not isinstance(rows, list) or not rows:
        raise FaultyInput.of("border.not-an-opening")
    try:
        salt = bytes.fromhex(str(salt_text))
    except ValueError as fault:
        raise FaultyInput.of("border.not-an-opening") from fault
    content = _content_of(payload)
    paths = []
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("path"), str):
            raise FaultyInput.of("border.not-an-opening")
        committed = _at(content, row["path"])
        if committed != digest(salt + canonical_bytes(row.get("value"))):
            raise Refused.of("border.opening-differs", path=row["path"][:120])
        paths.append(row["path"])
    return tuple(paths)


def _content_of(payload: bytes) -> Any:
    claim = parse_claim_file(payload).claim
    statement = read_json(open_jws(claim.jws).payload)
    return statement.get("content") if isinstance(statement, dict) else None


def _at(document: Any, path: str) -> Any:
    for key in segments(path):
        if not isinstance(document, Mapping) or key not in document:
            return None
        document = document[key]
    return document
