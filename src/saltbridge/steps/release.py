"""Signing in the node's name, and what follows every border decision.

Whatever leaves goes the same way: decided by the border room, signed as what it is, released as
a claim file that carries the decided view and nothing else, recorded with its manifest and a
log leaf.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeVar

from saltbridge.border.decide import Decision, release
from saltbridge.border.manifest import RELEASED, decision_record, manifest_of
from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.formats.claim_file import MEDIA_TYPE
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.log import logged_claim_file
from saltbridge.trust.claims import SignedClaim, sign
from saltbridge.trust.parallel import sign_beside

DECIDED_ALIKE: Final = "decision-documents"  # digests released under one decision
C = TypeVar("C", bound=SignedClaim)


def sign_claim(
    world: World,
    claim_class: type[C],
    content: Mapping[str, Any],
    now: datetime,
    *,
    id: str = "",
) -> C:
    """The content as a claim of this node, signed with its present key.

    Without an ``id`` (urn:uuid) the claim gets a new one.

    Raises:
        FaultyJson: the content is not JSON.
        FaultyInput, Refused: the key cannot be used.
    """
    return sign(
        claim_class,
        content,
        id=id or world.identifiers.urn_uuid(),
        issued_at=now,
        issuer=world.node.did,
        signer=world.keyring.signer(),
    )


def released_claim(
    world: World, work: UnitOfWork, decision: Decision, claim_class: type[C], now: datetime
) -> tuple[C, Release]:
    """The decided view as a signed claim, and the claim file with its log proof released.

    Raises:
        Refused: nothing may leave, or the file would carry more than the view.
    """
    claim, content = signed_view(world, work, decision, claim_class, now)
    return claim, release(decision, content, MEDIA_TYPE, decision.view_bytes)


def signed_view(
    world: World, work: UnitOfWork, decision: Decision, claim_class: type[C], now: datetime
) -> tuple[C, bytes]:
    """The decided view as a signed claim, and the claim file that may be released.

    Its signing is logged in this unit of work, and the file carries the proof of that. What
    goes to China is signed with SM2 beside, where this node has such a key.

    Raises:
        Unavailable: it has one, and the library for SM2 is not installed.
    """
    id = world.identifiers.urn_uuid()
    claim = sign_claim(world, claim_class, decision.view, now, id=id)
    second = world.keyring.parallel_signer() if _asks_for_sm2(decision) else None
    beside = () if second is None else (sign_beside(claim, second),)
    return claim, logged_claim_file(world, work, claim, id, beside)


def _asks_for_sm2(decision: Decision) -> bool:
    return "CN" in (decision.context.destination, decision.context.recipient.jurisdiction)


def keep_decision(
    work: UnitOfWork, decision: Decision, released: Release | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Store a decision, its manifest and a log leaf; returns record and manifest.

    ``released`` None: the decision let nothing go, and the record says so.

    Raises:
        StaleWrite: a decision of this id was kept before.
    """
    record, manifest = decision_record(decision, released), manifest_of(decision)
    body = canonical_bytes(record)
    work.put("decision", record["id"], body, expected_version=0)
    work.put("manifest", record["id"], canonical_bytes(manifest), expected_version=0)
    work.append_leaf("border.decided", record["id"], body)
    return record, manifest


def keep_decision_alike(
    work: UnitOfWork, decision: Decision, released: Mapping[str, Sequence[Release]]
) -> dict[str, Any]:
    """Store one decision about many documents of one shape, and what it let go; its record.

    ``released`` holds the releases by the id of their document. The fields of the decision are
    those of each document; the list of all digests is a record of its own, and the decision
    record, with its leaf, names the digest of that list.

    Raises:
        StaleWrite: a decision of this id was kept before.
    """
    releases = [release for several in released.values() for release in several]
    rows = {id: [r.digest for r in several] for id, several in released.items()}
    id = decision.context.decision_id
    listed = canonical_bytes({"decision_id": id, "released": rows})
    record = {
        **decision_record(decision, releases[0]),
        "digest": digest(listed),
        "size": sum(len(r.content) for r in releases),
        "documents": len(released),
    }
    body = canonical_bytes(record)
    work.put("decision", id, body, expected_version=0)
    work.put(DECIDED_ALIKE, id, listed, expected_version=0)
    work.put("manifest", id, canonical_bytes(manifest_of(decision)), expected_version=0)
    work.append_leaf("border.decided", id, body)
    return record


def kept_release(
    view: UnitOfWork, digest: str, decision_id: str, audience: str
) -> Release | None:
    """The released bytes, if a stored decision let something go for this very audience.

    Raises:
        Refused: the bytes, or the decision, are not those that were stored.
    """
    return kept_releases(view, [digest], decision_id, audience)[0]


def kept_releases(
    view: UnitOfWork, digests: Sequence[str], decision_id: str, audience: str
) -> list[Release | None]:
    """The same for several documents of one decision, which is read once.

    Raises:
        Refused: as ``kept_release``.
    """
    decision = view.get("decision", decision_id) if decision_id else None
    let_go, recipient = (False, "") if decision is None else _ruled(decision.body)
    if not let_go:
        return [None] * len(digests)
    found = [view.get_release(digest, decision_id) for digest in digests]
    return [r if r and {r.audience, recipient} == {audience} else None for r in found]


@lru_cache(maxsize=64)
def _ruled(decision: bytes) -> tuple[bool, str]:
    """Whether a decision let something go, and to whom. Passports of a fleet share one."""
    record = read_json(decision)
    return record["verdict"] == RELEASED, record["recipient"]["bpn"]
