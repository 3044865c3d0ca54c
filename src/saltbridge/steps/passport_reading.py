"""Versions of a passport, read again: by number, by date, as a view, as a file, as facts.

A passport issued before there were versions has three views, each signed as a whole. They are
its version 1: ``kept_as_version`` puts them together under the id a version has.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from saltbridge.core.canonical import digest, read_json
from saltbridge.core.errors import Refused
from saltbridge.formats.claim_file import parse_claim_file, render_claim_file
from saltbridge.passport.access import Audience, points_of, visible_to
from saltbridge.passport.assemble import parse_rendered
from saltbridge.passport.model import AttributeValue, Issuer, ItemPassport, Origin, OriginKind
from saltbridge.passport.views import presented_view, split, view
from saltbridge.ports import UnitOfWork
from saltbridge.steps.records import document
from saltbridge.trust import sd_jwt
from saltbridge.trust.claims import Passport, PassportVersion, SignedClaim, stated_issuer
from saltbridge.trust.did import from_iso
from saltbridge.trust.log_proof import LogProof
from saltbridge.trust.signature import open_jws
from saltbridge.trust.suites import NotVerified

RECORD: Final = "passport-version"
OLD_VIEW: Final = "passport-view"  # restricted views of passports from before


def version_id(passport_id: str, number: int) -> str:
    """The id of a version's record.

    >>> version_id("urn:uuid:1", 2)
    'urn:uuid:1#2'
    """
    return f"{passport_id}#{number}"


def newest_number(passport: Mapping[str, Any]) -> int:
    """The number of the newest version, by the record of the passport."""
    return int(passport.get("version", 1))


def stored_version(work: UnitOfWork, passport_id: str, number: int) -> Mapping[str, Any] | None:
    """The record of a version, or None.

    Raises:
        Refused: what was signed is not what is stored.
    """
    record = document(work, RECORD, version_id(passport_id, number))
    if record is None and number == 1:
        record = kept_as_version(work, passport_id)
    if record is None:
        return None
    signed = record["views"][Audience.PUBLIC] if "views" in record else record["jwt"]
    intact = digest(signed.encode("utf-8")) == record["claim_digest"]
    if not intact or (record["passport_id"], record["version"]) != (passport_id, number):
        raise Refused.of("passport.version-altered", passport=passport_id, version=number)
    return dict(record)


def kept_as_version(work: UnitOfWork, passport_id: str) -> dict[str, Any] | None:
    """Version 1 of a passport that was issued with three signed views; None for others."""
    passport = document(work, "passport", passport_id)
    if passport is None or "version" in passport:
        return None
    public = passport["public"]
    released = work.get_release(public["claim"], public["decision_id"])
    views = {Audience.PUBLIC.value: "" if released is None else _jws_in(released.content)}
    for audience in (Audience.LEGITIMATE_INTEREST, Audience.AUTHORITY):
        kept = document(work, OLD_VIEW, f"{passport_id}#{audience.value}")
        views[audience.value] = "" if kept is None else kept["jws"]
    return {
        "passport_id": passport_id,
        "version": 1,
        "issued_at": passport["issued_at"],
        "reason": "issued",
        "person": "",
        "claim_digest": passport["claim_digest"],
        "views": views,
        "public": public,
        "replaces": None,
    }


def _jws_in(claim_file: bytes) -> str:
    return parse_claim_file(claim_file).claim.jws


def issuer_of(record: Mapping[str, Any]) -> str:
    """The DID that a version names as its issuer.

    Raises:
        NotVerified: it is not a claim.
    """
    if "views" in record:
        return stated_issuer(Passport(record["views"][Audience.PUBLIC]))
    return stated_issuer(PassportVersion(record["jwt"]))


def versions(work: UnitOfWork, passport: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The records of all versions of a passport, the newest first.

    Raises:
        Refused: as ``stored_version``.
    """
    for number in range(newest_number(passport), 0, -1):
        record = stored_version(work, str(passport["id"]), number)
        if record is not None:
            yield record


def version_in_force(
    work: UnitOfWork, passport: Mapping[str, Any], at: datetime
) -> Mapping[str, Any] | None:
    """The record of the version that was the newest at that time; None before the first."""
    return next((r for r in versions(work, passport) if from_iso(r["issued_at"]) <= at), None)


def presented(
    record: Mapping[str, Any], audience: Audience, points: Collection[int] | None = None
) -> sd_jwt.SdJwt:
    """The signed JWT of a version with the disclosures of the points the audience may see.

    ``points`` narrows it further. Raises ``NotVerified`` for a part that cannot be read. Of a
    passport from before: the view signed for that audience,
    with nothing to disclose; one cannot show less of it than the public view.
    """
    allowed = points_of(audience, points)
    if "views" in record:
        whole = allowed == points_of(audience)
        return sd_jwt.SdJwt(record["views"][(audience if whole else Audience.PUBLIC).value])
    names = [str(point) for point in sorted(allowed)]
    held = [record["disclosures"][p] for p in names if p in record["disclosures"]]
    shown = tuple(text for text in held if _is_all_visible(text, audience, allowed))
    return sd_jwt.SdJwt(record["jwt"], shown)


def _is_all_visible(text: str, audience: Audience, points: Collection[int]) -> bool:
    """Whether every attribute in a disclosure may be seen. What was signed together cannot be
    cut: where the table has moved one of them since, the whole disclosure stays."""
    part = sd_jwt.opened(text)[-1]
    attributes = part.get("attributes", {}) if isinstance(part, dict) else None
    if not isinstance(attributes, dict):
        raise NotVerified.of("trust.malformed", reason="disclosure")
    return len(visible_to(audience, attributes, points=points)) == len(attributes)


def presentation_file(
    work: UnitOfWork,
    record: Mapping[str, Any],
    audience: Audience,
    points: Collection[int] | None = None,
) -> bytes | None:
    """The file that somebody of this audience may have: signed text, keys, log proof.

    Put together from what is stored; nothing is signed. It is no ``Release``: whoever hands it
    out has established that the reader belongs to the audience. None where the released file
    it is made from is gone.

    Raises:
        FaultyInput: what is stored is no claim file.
    """
    released = work.get_release(record["public"]["claim"], record["public"]["decision_id"])
    if released is None:
        return None
    file = parse_claim_file(released.content)
    shown = presented(record, audience, points)
    made: SignedClaim = PassportVersion(shown.jwt)
    log: LogProof | None = file.log
    if "views" in record:
        made, log = Passport(shown.jwt), file.log if audience is Audience.PUBLIC else None
    return render_claim_file(made, file.did_document, log=log, disclosures=shown.disclosures)


def seen(
    record: Mapping[str, Any], audience: Audience, points: Collection[int] | None = None
) -> dict[str, Any]:
    """The view of an audience, or of a narrower reading, opened from what is stored.

    Raises:
        NotVerified: a disclosure is not one that was signed.
    """
    shown = presented(record, audience, points)
    payload = read_json(open_jws(shown.jwt).payload)
    if "views" in record:
        return _narrowed(payload["content"], audience, points)
    told, held = split(sd_jwt.revealed(payload, shown.disclosures)["content"])
    return view(told, held, audience, points)


def _narrowed(
    content: Mapping[str, Any], audience: Audience, points: Collection[int] | None
) -> dict[str, Any]:
    """A view from before, cut once more by the one filter: a signed view is no licence."""
    shown = visible_to(audience, content["attributes"], points=points)
    return {**content, "attributes": shown}


def facts_of(work: UnitOfWork, record: Mapping[str, Any]) -> ItemPassport:
    """The whole passport behind a version, for those who write its next one.

    Raises:
        NotVerified: a disclosure is not one that was signed.
    """
    content = _whole(record)
    issuer = content["issuer"]
    values = {id: parse_rendered(r) for id, r in content["attributes"].items()}
    unshown = {id: parse_rendered(r) for id, r in record.get("unshown", {}).items()}
    absent = {id: v for id, v in unshown.items() if v.not_applicable}
    for id, reason in content.get("not_applicable_because", {}).items():
        stated = Origin(OriginKind.OPERATOR, issuer["name"], issuer["did"])
        absent.setdefault(id, AttributeValue(None, "", stated, not_applicable=reason))
    return ItemPassport(
        id=content["passport_id"],
        product_id=content["product_id"],
        gtin=content["gtin"],
        serial=content["serial"],
        category=content["category"],
        placed_on_market=date.fromisoformat(content["placed_on_market"]),
        issued_at=content["issued_at"],
        issuer=Issuer(issuer["name"], issuer["did"], issuer["bpn"]),
        values={**values, **absent},
        kept_back={id: v for id, v in unshown.items() if not v.not_applicable},
        company_information=content.get("company_information"),
        version=int(record["version"]),
    )


def _whole(record: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that was signed: all points together, for this node alone."""
    if "views" not in record:
        payload = read_json(open_jws(record["jwt"]).payload)
        disclosed = tuple(record["disclosures"].values())
        return presented_view(sd_jwt.revealed(payload, disclosed)["content"])
    whole: dict[str, Any] = {}
    for audience in Audience:
        content = seen(record, audience)
        reasons = content.get("not_applicable_because", {})
        whole = {
            **content,
            "attributes": {**whole.get("attributes", {}), **content["attributes"]},
            "not_applicable_because": {**whole.get("not_applicable_because", {}), **reasons},
        }
    return whole
