"""What this node saw of its partners' logs: the newest state, cosigned; forks as evidence.

Of each log the newest state is kept that was seen, whether its company asked for a
cosignature or a delivery brought it. A state is only taken for one that was known to continue
it, inside the unit of work that compares the two.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, canonical_bytes, digest, read_json
from saltbridge.core.errors import Unavailable
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.log import own_log_keys
from saltbridge.steps.records import document
from saltbridge.trust.checkpoint import (
    Checkpoint,
    assemble_cosignature,
    parse_checkpoint,
    prepare_cosignature,
    with_signatures,
)
from saltbridge.trust.did import LOG_SERVICE, iso, parse_did_document
from saltbridge.trust.note import (
    Note,
    NoteSignature,
    hashes_of,
    parse_note,
    render_note,
)
from saltbridge.trust.suites import NotVerified

SEEN: Final = "witnessed-log"  # DID of a partner → the newest state seen of its log
COSIGNED: Final = "log-cosigned"  # DID of a partner → how far it cosigned this log
FORK: Final = "log-fork"
# Outbox entries: does the log itself know what joins two of its states?
INQUIRE: Final = "witness-inquiry"
_LIMIT_BYTES: Final = 20_000


def seen_note(view: UnitOfWork, did: str) -> Note | None:
    """The newest checkpoint of a partner's log that this node saw, with its cosignature."""
    kept = document(view, SEEN, did)
    return None if kept is None else parse_note(kept["note"])


def seen_checkpoint(view: UnitOfWork, did: str) -> Checkpoint | None:
    """The newest state of a partner's log that this node saw, or None."""
    note = seen_note(view, did)
    return None if note is None else parse_checkpoint(note.text)


def log_url(did_document: Mapping[str, Any]) -> str | None:
    """Where a company's log answers, by its DID document; None where it announces none."""
    url = parse_did_document(did_document).service_url(LOG_SERVICE)
    return None if url is None else url.rstrip("/")


def see_further(world: World, work: UnitOfWork, did: str, note: Note) -> NoteSignature | None:
    """Cosign and keep a state that continues the one seen; None if it is no further one.

    The caller has verified the note and the continuation. The leaf ``log.witnessed`` asks
    nobody for anything: nodes that witness each other come to rest.

    Raises:
        FaultyInput: the key of the log cannot be used.
    """
    checkpoint, seen = parse_checkpoint(note.text), seen_checkpoint(work, did)
    if seen is not None and checkpoint.size < seen.size:
        return None
    signer, now = world.keyring.log_signer(), world.clock.now()
    key = next(k for k in own_log_keys(world) if k.id == signer.key_id)
    unsigned = prepare_cosignature(checkpoint, world.node.did, key, now)
    cosignature = assemble_cosignature(unsigned, signer.sign(unsigned.signing_input))
    if seen == checkpoint:  # said once more with the present time: nothing new to remember
        return cosignature
    body = canonical_bytes(
        {
            "did": did,
            "size": checkpoint.size,
            "seen_at": iso(now),
            "note": render_note(with_signatures(note, [cosignature])).decode("utf-8"),
        }
    )
    work.put(SEEN, did, body)
    work.append_leaf("log.witnessed", did, body)
    return cosignature


def keep_fork(world: World, work: UnitOfWork, did: str, found: Note) -> bool:
    """Keep two states of one log that exclude each other; whether this was news.

    Both notes carry the log's own signature, so that anybody can see what was found.
    """
    seen = seen_note(work, did)
    if seen is None:
        return False
    states = [seen.text, found.text]
    id = digest(canonical_bytes([did, *states]))
    if work.get(FORK, id) is not None:
        return False
    body = canonical_bytes(
        {
            "did": did,
            "found_at": iso(world.clock.now()),
            "seen": render_note(seen).decode("utf-8"),
            "found": render_note(found).decode("utf-8"),
        }
    )
    work.put(FORK, id, body, expected_version=0)
    work.append_leaf("log.fork-found", did, body)
    return True


def joining(
    world: World, did_document: Mapping[str, Any], one: Checkpoint, other: Checkpoint
) -> tuple[bytes, ...]:
    """What a partner's log says joins two of its states; nothing where it says nothing.

    Raises:
        Unavailable: the log cannot be reached now, or asks to be asked again.
    """
    old, new = sorted((one.size, other.size))
    url = log_url(did_document)
    if url is None or old == new or not old:
        return ()
    answer = world.http.send(
        "GET",
        f"{url}/proof/consistency?old={old}&size={new}",
        headers={"accept": "application/json"},
        limit_bytes=_LIMIT_BYTES,
    )
    if answer.status >= 500 or answer.status in (408, 425, 429):
        raise Unavailable.of("log.unreachable", url=url, status=answer.status)
    try:
        told = read_json(answer.content) if answer.status == 200 else None
        path = told.get("path") if isinstance(told, dict) else None
        texts = [t for t in path if isinstance(t, str)] if isinstance(path, list) else []
        return hashes_of(texts)
    except (FaultyJson, NotVerified):
        return ()


def hash_texts(hashes: tuple[bytes, ...]) -> list[str]:
    """Hashes as base64 texts, as proofs carry them."""
    return [base64.b64encode(h).decode("ascii") for h in hashes]
