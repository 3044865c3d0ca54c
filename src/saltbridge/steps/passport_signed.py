"""The signed passport in a claim file: a version, or a passport from before there were any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.passport.views import presented_view
from saltbridge.trust.claims import Passport, PassportVersion, verify
from saltbridge.trust.log_proof import LogProof
from saltbridge.trust.sd_jwt import SdJwt, revealed
from saltbridge.trust.suites import NotVerified


@dataclass(frozen=True, slots=True)
class SignedPassport:
    """What the issuer signed, as far as the file discloses it."""

    view: Mapping[str, Any]
    issuer: str
    issued_at: datetime
    key: str
    digest: str
    text: str  # the compact form: SD-JWT, or JWS before there were versions
    disclosures: tuple[str, ...] = ()
    status: Mapping[str, Any] = field(default_factory=dict)  # its place in a status list
    id: str = ""  # of the claim
    log: LogProof | None = None  # not checked here
    document: Mapping[str, Any] = field(default_factory=dict)  # the DID document it holds under


def signed_passport(
    content: bytes, did_document: Mapping[str, Any] | None = None
) -> SignedPassport:
    """The passport in a claim file, its signature and disclosures checked.

    Without ``did_document`` the enclosed one is taken: right for what this node signed itself.

    Raises:
        FaultyInput: not a claim file.
        NotVerified: not a passport, or a signature or disclosure that does not hold.
    """
    file = parse_claim_file(content)
    document = file.did_document if did_document is None else did_document
    if isinstance(file.claim, Passport):
        whole = verify(file.claim, document)
        return SignedPassport(
            whole.content,
            whole.issuer,
            whole.issued_at,
            whole.header["kid"],
            file.claim.digest,
            file.claim.jws,
            id=whole.id,
            log=file.log,
            document=document,
        )
    if not isinstance(file.claim, PassportVersion):
        raise NotVerified.of(
            "trust.unexpected-type",
            found=file.claim.type.value,
            due=PassportVersion.type.value,
        )
    version = verify(file.claim, document)
    payload = read_json(version.payload)
    return SignedPassport(
        presented_view(revealed(payload, file.disclosures)["content"]),
        version.issuer,
        version.issued_at,
        version.header["kid"],
        file.claim.digest,
        str(SdJwt(file.claim.jws, file.disclosures)),
        file.disclosures,
        payload["status"]["status_list"],
        version.id,
        file.log,
        document,
    )
