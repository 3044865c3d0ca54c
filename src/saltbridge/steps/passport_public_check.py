"""The public claim file of a version from another company: signature, log, disclosures."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.exchange.delivery import announces_log
from saltbridge.formats.claim_file import ClaimFile
from saltbridge.passport.views import presented_view
from saltbridge.trust import sd_jwt, status_list
from saltbridge.trust.checkpoint import log_keys
from saltbridge.trust.claims import (
    Passport,
    PassportVersion,
    VerifiedClaim,
    stated_issuer,
    verify,
)
from saltbridge.trust.did import parse_did_document
from saltbridge.trust.log_proof import check_log_proof
from saltbridge.trust.status_list import Status, StatusList
from saltbridge.trust.suites import NotVerified

Documents = Callable[[str], Mapping[str, Any]]  # DID → the document this node trusts


def verified_public(
    file: ClaimFile, documents: Documents
) -> tuple[VerifiedClaim[Any], Mapping[str, Any]]:
    """The verified claim and the public view it discloses.

    Raises:
        NotVerified: not a passport, or a signature, disclosure or proof does not hold.
        Refused: the issuer is unknown here.
        Unavailable: the issuer's keys cannot be fetched now.
    """
    if not isinstance(file.claim, Passport | PassportVersion):
        raise NotVerified.of(
            "trust.unexpected-type",
            found=file.claim.type.value,
            due=PassportVersion.type.value,
        )
    document = documents(stated_issuer(file.claim))
    verified = verify(file.claim, document)
    _logged(file, verified, document)
    if isinstance(file.claim, Passport):
        return verified, verified.content
    told = sd_jwt.revealed(read_json(verified.payload), file.disclosures)["content"]
    return verified, presented_view(told)


def _logged(file: ClaimFile, verified: VerifiedClaim[Any], document: Mapping[str, Any]) -> None:
    """The signing stands in the issuer's log, if the issuer says that it keeps one."""
    if file.log is None:
        if announces_log(document):
            raise NotVerified.of("handover.no-proof", issuer=verified.issuer)
        return
    check_log_proof(
        file.log,
        claim_id=verified.id,
        claim_digest=verified.claim.digest,
        origin=verified.issuer,
        keys=log_keys(parse_did_document(document), at=verified.issued_at),
    )


def verified_lists(
    tokens: Iterable[str], documents: Documents, now: Any
) -> Iterator[StatusList]:
    """The lists in these tokens, each signed by who answers for it.

    Raises:
        NotVerified: one of them is not.
    """
    for token in tokens:
        address, issuer = status_list.address_of(token), status_list.issuer_of(token)
        yield status_list.verify(token, documents(issuer), address=address, now=now)


def check_status(
    place: Mapping[str, Any] | None, said: str, number: int, lists: Mapping[str, StatusList]
) -> None:
    """Whether the status that is told of a version is the one on its signed list.

    Raises:
        NotVerified: it is another one, or the list is not there.
    """
    if place is None:
        return
    found = lists.get(str(place["uri"]))
    if found is None or found.at(int(place["idx"])) != Status[said.upper()]:
        raise NotVerified.of("handover.status", version=str(number))


def place_of(verified: VerifiedClaim[Any]) -> Mapping[str, Any] | None:
    """The place of a version on a status list; None for passports from before lists."""
    status = read_json(verified.payload).get("status")
    place: Mapping[str, Any] | None = status["status_list"] if status else None
    return place
