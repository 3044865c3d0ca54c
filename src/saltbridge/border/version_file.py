"""The public claim file of a passport version, made from a decided view and nothing else.

``claimed`` takes a finished file apart and looks for more than the view. Here the file is put
together in the border room itself, from pieces of the view and from texts whose form leaves no
room for a message: a fleet's files need no second reading. A test holds both against each
other.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from saltbridge.border.carried import is_public_document
from saltbridge.border.passport_version import (
    DIGESTS_DUE,
    LABELS,
    PUBLIC_PART,
    TYPE,
    is_status,
)
from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.errors import Refused
from saltbridge.core.piece import Piece, piece, whole
from saltbridge.trust import log, sd_jwt
from saltbridge.trust.checkpoint import log_keys, verify_checkpoint
from saltbridge.trust.claims import PassportVersion, Unsigned, assemble, prepare
from saltbridge.trust.did import parse_did_document
from saltbridge.trust.log_proof import (
    CLAIM_SIGNED,
    LogProof,
    checkpoint_text,
    log_proof_bytes,
    log_proof_document,
    parse_log_proof,
)
from saltbridge.trust.note import Note

JSON: Final = "application/json"
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SALT: Final = re.compile(r"[0-9a-f]{32}")
_EMPTY: Final = whole({})
_KIND: Final = piece(TYPE)
_SEAL: Final = object()
_LABEL_PIECES: Final = {name: piece(value) for name, value in LABELS.items()}


@dataclass(frozen=True, slots=True)
class PublicPart:
    """The public view of a version and the disclosure of point 1 that carries it."""

    told: Mapping[str, Piece]  # the header, signed in the clear
    view: Piece
    disclosure: str


@dataclass(frozen=True, slots=True)
class VersionContent:
    """What is signed of a version, but for its time and its place in a list of statuses.

    Made by ``version_content`` alone.
    """

    public: PublicPart
    content: Piece
    _seal: object = None

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("a VersionContent is made by border.version_file alone")


@dataclass(frozen=True, slots=True)
class UnsignedVersion:
    """A version that waits for its signature; made by ``unsigned_version`` alone."""

    id: str
    public: PublicPart
    unsigned: Unsigned[PassportVersion]
    _seal: object = None

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("an UnsignedVersion is made by border.version_file alone")

    @property
    def signing_input(self) -> bytes:
        """The bytes the signer has to sign."""
        return self.unsigned.signing_input

    def signed(self, signature: bytes) -> PassportVersion:
        """The signed JWT.

        Raises:
            ValueError: the signature has the wrong length.
        """
        return assemble(self.unsigned, signature)


@dataclass(frozen=True, slots=True)
class PublicVersion:
    """A finished claim file and its view; made by ``public_version`` alone."""

    file: bytes
    view: Piece
    _seal: object = None

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            raise TypeError("a PublicVersion is made by border.version_file alone")


def public_part(told: Mapping[str, Piece], part: Mapping[str, Piece], salt: str) -> PublicPart:
    """The view of the header ``told`` and of the members of point 1.

    Raises:
        Refused: the salt is not one, or members of the two overlap.
    """
    taken = told.keys() & (part.keys() | LABELS.keys())
    if taken or not _DIGEST.fullmatch(salt):
        raise Refused.of("border.carries-more", kind=TYPE)
    view = whole({**told, "attributes": _EMPTY, **part, **_LABEL_PIECES})
    disclosure = sd_jwt.disclosure_of(salt, PUBLIC_PART, whole(part).content)
    return PublicPart(told, view, disclosure)


def version_content(public: PublicPart, hidden: Iterable[str]) -> VersionContent:
    """What is signed. ``hidden`` are the digests of the other points, or decoys.

    Raises:
        Refused: one of them has another form than it must have.
    """
    digests = sorted({*hidden, sd_jwt.digest_of(public.disclosure)})
    if len(digests) != DIGESTS_DUE or not all(map(_DIGEST.fullmatch, digests)):
        raise Refused.of("border.carries-more", kind=TYPE)
    content = whole({"kind": _KIND, **public.told, sd_jwt.DIGESTS: piece(digests)})
    return VersionContent(public, content, _SEAL)


def unsigned_version(
    version: VersionContent,
    *,
    id: str,
    issuer: str,
    issued_at: datetime,
    key_id: str,
    suite: str,
    place: Mapping[str, Any],
) -> UnsignedVersion:
    """What has to be signed.

    Raises:
        Refused: the place has another form than it must have.
    """
    if not is_status({"status_list": place}):
        raise Refused.of("border.carries-more", kind=TYPE)
    here = whole({"idx": piece(place["idx"]), "uri": piece(place["uri"])})
    unsigned = prepare(
        PassportVersion,
        version.content,
        id=id,
        issued_at=issued_at,
        issuer=issuer,
        key_id=key_id,
        suite=suite,
        beside={"_sd_alg": sd_jwt.ALGORITHM, "status": whole({"status_list": here})},
    )
    return UnsignedVersion(id, version.public, unsigned, _SEAL)


class VersionFiles:
    """Claim files of versions whose signing stands under one checkpoint of the log."""

    def __init__(self, did_document: Mapping[str, Any], issuer: str, note: Note) -> None:
        """
        Raises:
            Refused: the document is not as this issuer's is written.
            FaultyInput: the checkpoint holds more than one.
            NotVerified: it is not signed by the issuer's log.
        """
        if not is_public_document(did_document, issuer):
            raise Refused.of("border.carries-more", kind=TYPE)
        self._document = canonical_bytes(did_document)
        keys = log_keys(parse_did_document(did_document))
        self._checkpoint, _ = verify_checkpoint(note, issuer, keys)
        nothing = LogProof(
            CLAIM_SIGNED, "none", digest(b""), "0" * 32, 0, self._checkpoint.size, (), note
        )
        parse_log_proof(log_proof_document(nothing))  # the form of the note, once for all
        self._note, self._checkpoint_text = note, checkpoint_text(note)

    def finished(
        self, version: UnsignedVersion, claim: PassportVersion, proof: LogProof
    ) -> PublicVersion:
        """The claim file, with the proof that the signing of the claim stands in the log.

        Raises:
            Refused: the claim is of another version, or the proof about something else.
        """
        input, _, _ = claim.jws.rpartition(".")
        ours = input.encode("ascii") == version.unsigned.signing_input
        if not ours or proof.note is not self._note or not self._proves(proof, version, claim):
            raise Refused.of("border.carries-more", kind=TYPE)
        text = str(sd_jwt.SdJwt(claim.jws, (version.public.disclosure,))).encode("ascii")
        content = b'{"did_document":%b,"log":%b,"saltbridge":"%b","sd_jwt":"%b"}' % (
            self._document,
            log_proof_bytes(proof, self._checkpoint_text),
            TYPE.encode("ascii"),
            text,
        )
        return PublicVersion(content, version.public.view, _SEAL)

    def _proves(
        self, proof: LogProof, version: UnsignedVersion, claim: PassportVersion
    ) -> bool:
        """Whether the leaf is about this claim and stands in the tree of the checkpoint."""
        here = self._checkpoint
        said = (proof.event, proof.subject, proof.body_digest, proof.size)
        due = (CLAIM_SIGNED, version.id, claim.digest, here.size)
        return (
            said == due
            and _SALT.fullmatch(proof.salt) is not None
            and log.includes(proof.leaf_hash, proof.index, here.size, proof.path, here.root)
        )
