"""A passport whose operator is gone, checked by what the keeper of its copy last had.

The keeper signs which DID document and which status lists the operator had on what day. Whoever
trusts the keeper's own DID document can rely on the keys as of that day; the lists are signed
by the operator. Nobody can say any more what became of a passport after that day.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Argument, Place, finding
from saltbridge.core.unicode_form import as_utf8
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.services.verify_content import Remark
from saltbridge.services.verify_outcome import Outcome, VerifyRequest
from saltbridge.steps.passport_keepers_word import KeepersWord, word_in
from saltbridge.trust.claims import PassportKeeping, verify
from saltbridge.trust.suites import NotVerified


@dataclass(frozen=True, slots=True)
class Kept:
    """The word of a keeper whose signature holds. ``trusted``: by a document the reader has."""

    word: KeepersWord
    keeper: str  # DID
    trusted: bool

    @property
    def told(self) -> dict[str, Argument]:
        """Who says it, and of which day."""
        return {"keeper": self.keeper, "as_of": self.word.as_of[:10]}


def kept_by(request: VerifyRequest) -> Kept | None:
    """The keeper's word in the request; None if there is none.

    Raises:
        FaultyInput: the file is no such word, or its signature does not hold.
    """
    if request.keeper is None:
        return None
    file = parse_claim_file(as_utf8(request.keeper), "keeper")
    if not isinstance(file.claim, PassportKeeping):
        raise FaultyInput([finding("verify.no-keepers-word", Place("keeper"))])
    named = str(file.did_document.get("id", ""))
    trusted = request.anchors.get(named)
    try:
        held = verify(file.claim, file.did_document if trusted is None else trusted)
    except NotVerified as fault:
        raise FaultyInput(fault.findings) from fault
    return Kept(word_in(held.content), held.issuer, trusted is not None)


def with_kept(request: VerifyRequest, kept: Kept | None, issuer: str) -> VerifyRequest:
    """The request with the issuer's lists and, by a keeper who is trusted, its keys.

    Raises:
        FaultyInput: the word is about another operator.
    """
    if kept is None:
        return request
    if kept.word.operator != issuer:
        code, place, operator = "verify.keeper-of-another", Place("keeper"), kept.word.operator
        raise FaultyInput([finding(code, place, operator=operator[:200], issuer=issuer[:200])])
    lists = (*request.status_lists, *kept.word.lists)
    anchors = dict(request.anchors)
    if kept.trusted:
        anchors.setdefault(issuer, kept.word.did_document)
    return replace(request, status_lists=lists, anchors=anchors)


def keys_known(request: VerifyRequest, kept: Kept | None) -> Mapping[str, Mapping[str, Any]]:
    """DID documents for a text that brings no keys; whose they are is another check."""
    if kept is None:
        return request.anchors
    return {kept.word.operator: kept.word.did_document, **request.anchors}


def of_its_day(remark: Remark, kept: Kept | None) -> Remark:
    """A list that has run out says more where a keeper says that no later one exists."""
    if kept is None or remark.code != "verify.status-list-expired":
        return remark
    told = {**remark.arguments, **kept.told}
    return Remark(remark.name, False, "verify.status-kept", told)


def keeper_remark(kept: Kept) -> tuple[Outcome, str, Mapping[str, Argument]]:
    """Who kept the copy, as of when, and whether the reader knows the keeper."""
    if kept.trusted:
        return Outcome.PASSED, "verify.keeper-trusted", kept.told
    return Outcome.OPEN, "verify.keeper-open", kept.told
