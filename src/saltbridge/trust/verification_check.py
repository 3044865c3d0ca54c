"""The numbered checks of a verifier's statement that travels with a record.

They show who vouched for what, and that neither was changed since. Whether the footprint is
true they do not show: that is the verifier's word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.core.finding import Argument
from saltbridge.trust import claims
from saltbridge.trust.receipt import ReceiptContent, parse_receipt
from saltbridge.trust.suites import NotVerified
from saltbridge.trust.verification import (
    Opinion,
    Statement,
    Withdrawal,
    differences,
    parse_statement,
    parse_withdrawal,
)

MAX_STATEMENTS: Final = 20
_FALSE: Final = frozenset(
    f"statement-{name}" for name in ("signature", "content", "issuer", "subject", "edition")
)
_CLOCKS_DIFFER: Final = timedelta(days=1)  # the date of a statement has no zone


class Standing(StrEnum):
    """What one point of a statement came to."""

    HELD = "held"
    BROKEN = "broken"
    OPEN = "open"  # nothing speaks against it, and nothing here can show it


@dataclass(frozen=True, slots=True)
class Point:
    """One point checked. ``code`` is a message id, as is ``verify.check.<name>``."""

    name: str
    standing: Standing
    code: str
    arguments: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A statement as it travels: the signed claim and a snapshot of the DID document."""

    statement: str
    did_document: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a statement is checked against.

    ``receipt`` is the maker's, already verified, with its JWS; None where there is none.
    ``verifiers`` are DID documents from elsewhere; ``withdrawals`` are the claims by which
    statements were taken back, by the statement's id.
    """

    maker: str
    receipt: ReceiptContent | None
    receipt_jws: str
    verifiers: Mapping[str, Mapping[str, Any]]
    withdrawals: Mapping[str, Sequence[str]]
    now: datetime


def enclosed_in(record: Mapping[str, Any]) -> tuple[Enclosed, ...] | None:
    """The statements a record carries; None if the member is not what it must be."""
    listed = record.get("verification")
    if listed is None:
        return ()
    if not isinstance(listed, list) or len(listed) > MAX_STATEMENTS:
        return None
    found = []
    for entry in listed:
        if not isinstance(entry, Mapping):
            return None
        statement, document = entry.get("statement"), entry.get("did_document")
        if not isinstance(statement, str) or not isinstance(document, Mapping):
            return None
        found.append(Enclosed(statement, document))
    return tuple(found)


def check_statement(enclosed: Enclosed, around: Surroundings) -> tuple[Point, ...]:
    """Every point of a statement, in order; ends early where nothing after can be said."""
    claim = claims.VerificationStatement(enclosed.statement)
    # 1. The statement is unchanged since it was signed, as what it is: under the document
    #    from elsewhere where there is one, else under the enclosed key.
    try:
        issuer = claims.stated_issuer(claim)
        anchor = around.verifiers.get(issuer)
        verified = claims.verify(claim, enclosed.did_document if anchor is None else anchor)
    except SaltbridgeError as fault:
        return (_broken("signature", fault),)
    points = [_held("signature", "verify.statement-signed", key=verified.header["kid"])]
    try:
        statement = parse_statement(verified.content)
    except FaultyInput as fault:
        return (*points, _broken("content", fault))
    # 2. It is the verifier's own key: never the maker's, and known from elsewhere.
    points.append(_issuer(statement, issuer, anchored=anchor is not None, maker=around.maker))
    # 3. Its digests are those of the footprint it lies beside.
    # 4. The edition of the methodology is the same.
    points += _subject(statement, around)
    # 5. What it concludes, and how deep the verifier looked.
    points.append(_opinion(statement))
    # 6. It is dated, and has not run out.
    points.append(_dates(statement, verified.issued_at, around.now))
    # 7. The verifier has not taken it back, as far as is known here.
    trusted = enclosed.did_document if anchor is None else anchor
    points.append(_withdrawn(verified.id, claim.digest, trusted, around.withdrawals))
    return tuple(points)


def points_in(
    record: Mapping[str, Any],
    *,
    maker: str,
    maker_document: Mapping[str, Any],
    verifiers: Mapping[str, Mapping[str, Any]],
    withdrawals: Mapping[str, Sequence[str]],
    now: datetime,
) -> tuple[Point, ...]:
    """Every point of every statement in a record of the maker; none where it carries none.

    ``maker_document`` is the one the record was verified with: the receipt beside the
    footprint has to be the maker's, too.
    """
    enclosed = enclosed_in(record)
    if enclosed is None:
        return (Point("statement-content", Standing.BROKEN, "verify.statement-member"),)
    jws = record.get("receipt")
    receipt: ReceiptContent | None = None
    if isinstance(jws, str):
        try:
            receipt = parse_receipt(claims.verify(claims.Receipt(jws), maker_document).content)
        except SaltbridgeError:
            receipt = None  # the check of the receipt says so; the statement stays open
    around = Surroundings(
        maker=maker,
        receipt=receipt,
        receipt_jws=jws if isinstance(jws, str) else "",
        verifiers=verifiers,
        withdrawals=withdrawals,
        now=now,
    )
    return tuple(point for one in enclosed for point in check_statement(one, around))


def points_alone(
    statement: Enclosed,
    *,
    verifiers: Mapping[str, Mapping[str, Any]],
    withdrawals: Mapping[str, Sequence[str]],
    now: datetime,
) -> tuple[Point, ...]:
    """Every point of a statement that lies beside no record: what it is about stays open."""
    claim = claims.VerificationStatement(statement.statement)
    try:
        issuer = claims.stated_issuer(claim)
        verified = claims.verify(claim, verifiers.get(issuer, statement.did_document))
        maker = parse_statement(verified.content).subject.maker
    except SaltbridgeError as fault:
        return (_broken("content", fault),)
    around = Surroundings(
        maker=maker,
        receipt=None,
        receipt_jws="",
        verifiers=verifiers,
        withdrawals=withdrawals,
        now=now,
    )
    return check_statement(statement, around)


def false_point(points: Sequence[Point]) -> Point | None:
    """The first point that shows a statement to be false: not its maker's word about this.

    An adverse opinion, or one that ran out, is no false statement; it is a bad or an old one.
    """
    return next((p for p in points if p.standing is Standing.BROKEN and p.name in _FALSE), None)


def worst(points: Sequence[Point]) -> Standing:
    """Broken if one point is broken, else open if one is open, else held."""
    found = {point.standing for point in points}
    for standing in (Standing.BROKEN, Standing.OPEN):
        if standing in found:
            return standing
    return Standing.HELD


def withdrawal_points(content: Mapping[str, Any]) -> tuple[Point, ...]:
    """What the content of a withdrawal says, as a single point."""
    try:
        withdrawal = parse_withdrawal(content)
    except FaultyInput as fault:
        return (_broken("content", fault),)
    return (
        _held(
            "content",
            "verify.withdrawal-read",
            statement=withdrawal.statement,
            dated=withdrawal.dated.isoformat(),
            reason=withdrawal.reason[:300],
        ),
    )


def withdrawal_of(
    jws: str, did_document: Mapping[str, Any]
) -> tuple[claims.VerifiedClaim[claims.VerificationStatement], Withdrawal]:
    """The withdrawal in a signed claim.

    Raises:
        NotVerified: the owner of the document did not sign it.
        FaultyInput: it is no withdrawal.
    """
    verified = claims.verify(claims.VerificationStatement(jws), did_document)
    return verified, parse_withdrawal(verified.content)


def _issuer(statement: Statement, issuer: str, *, anchored: bool, maker: str) -> Point:
    name = statement.verifier.name
    if issuer == maker or statement.subject.maker != maker:
        return Point(
            "statement-issuer",
            Standing.BROKEN,
            "verify.statement-by-maker" if issuer == maker else "verify.statement-other-maker",
            {"issuer": issuer, "maker": statement.subject.maker[:200]},
        )
    if statement.verifier.did != issuer:
        return Point(
            "statement-issuer",
            Standing.BROKEN,
            "verify.statement-other-verifier",
            {"issuer": issuer, "stated": statement.verifier.did[:200]},
        )
    said: dict[str, Argument] = {
        "issuer": issuer,
        "verifier": name[:200],
        "number": (statement.verifier.notified_body or statement.verifier.accreditation or "–")[
            :120
        ],
    }
    if anchored:
        return Point("statement-issuer", Standing.HELD, "verify.statement-anchored", said)
    return Point("statement-issuer", Standing.OPEN, "verify.statement-unanchored", said)


def _subject(statement: Statement, around: Surroundings) -> list[Point]:
    receipt, subject = around.receipt, statement.subject
    edition = f"{subject.methodology}@{subject.edition}"
    if receipt is None:
        alone = Point("statement-subject", Standing.OPEN, "verify.statement-alone")
        return [alone]
    differ = differences(subject, receipt, around.receipt_jws)
    if differ:
        members = ", ".join(differ)
        point = Point(
            "statement-subject",
            Standing.BROKEN,
            "verify.statement-subject-differs",
            {"members": members},
        )
    else:
        point = _held("subject", "verify.statement-subject")
    due = f"{receipt.methodology}@{receipt.edition}"
    if edition != due:
        other = Point(
            "statement-edition",
            Standing.BROKEN,
            "verify.statement-edition-differs",
            {"found": edition[:120], "due": due[:120]},
        )
        return [point, other]
    return [point, _held("edition", "verify.statement-edition", edition=edition[:120])]


def _opinion(statement: Statement) -> Point:
    code = f"verify.statement-{statement.level.value}-{statement.opinion.value}"
    standing = {
        Opinion.ADVERSE: Standing.BROKEN,
        Opinion.DISCLAIMER: Standing.OPEN,
    }.get(statement.opinion, Standing.HELD)
    return Point(
        "statement-level", standing, code, {"conditions": "; ".join(statement.conditions)[:600]}
    )


def _dates(statement: Statement, issued_at: datetime, now: datetime) -> Point:
    dated, expires = statement.dated.isoformat(), statement.expires.isoformat()
    said: dict[str, Argument] = {"dated": dated, "expires": expires}
    ahead = issued_at > now + _CLOCKS_DIFFER or statement.dated > (now + _CLOCKS_DIFFER).date()
    if ahead:
        return Point("statement-dates", Standing.BROKEN, "verify.statement-in-future", said)
    if statement.expires < now.date():
        return Point("statement-dates", Standing.BROKEN, "verify.statement-expired", said)
    return Point("statement-dates", Standing.HELD, "verify.statement-dates", said)


def _withdrawn(
    id: str,
    digest: str,
    did_document: Mapping[str, Any],
    withdrawals: Mapping[str, Sequence[str]],
) -> Point:
    for jws in withdrawals.get(id, ()):
        try:
            _, withdrawal = withdrawal_of(jws, did_document)
        except (NotVerified, FaultyInput):
            continue
        if (withdrawal.statement, withdrawal.statement_digest) == (id, digest):
            return Point(
                "statement-withdrawn",
                Standing.BROKEN,
                "verify.statement-withdrawn",
                {"since": withdrawal.dated.isoformat(), "reason": withdrawal.reason[:300]},
            )
    return _held("withdrawn", "verify.statement-stands")


def _held(name: str, code: str, **arguments: Argument) -> Point:
    return Point(f"statement-{name}", Standing.HELD, code, arguments)


def _broken(name: str, fault: SaltbridgeError) -> Point:
    first = fault.findings[0]
    return Point(f"statement-{name}", Standing.BROKEN, first.code, dict(first.arguments))
