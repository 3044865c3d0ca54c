"""What a verifier's statement says, and what its withdrawal says. Content only, no signature.

A statement binds the verifier's opinion to the digests of the inputs, the factor sets, the
edition of the methodology and the result: those of the maker's receipt, member by member. The
words "level of assurance" and the four opinions are those of ISO 14064-3 and of assurance
practice (recalled, neither text was read here).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from saltbridge.core.canonical import digest
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.identifiers import is_urn_uuid
from saltbridge.trust.receipt import ReceiptContent

STATEMENT: Final = "statement"
WITHDRAWAL: Final = "withdrawal"
MAX_TEXT: Final = 4000
MAX_ENTRIES: Final = 200


class Assurance(StrEnum):
    """How deep the verifier looked (ISO 14064-3, recalled)."""

    REASONABLE = "reasonable"
    LIMITED = "limited"


class Opinion(StrEnum):
    """What the verifier concludes (ISO 14064-3 and assurance practice, recalled)."""

    UNMODIFIED = "unmodified"  # nothing to object to
    QUALIFIED = "qualified"  # but for the conditions
    ADVERSE = "adverse"  # not fairly stated
    DISCLAIMER = "disclaimer"  # could not be concluded


@dataclass(frozen=True, kw_only=True, slots=True)
class Verifier:
    """The organisation that answers for the statement; numbers are as it states them."""

    name: str
    did: str
    accreditation: str = ""
    notified_body: str = ""


# Members of a statement that are the receipt's, under the same names.
_FROM_RECEIPT: Final = (
    "inputs_digest",
    "factor_sets",
    "supplier_records",
    "methodology",
    "edition",
    "declared",
    "declared_digest",
    "footprint_digest",
    "period",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """What was verified: the maker's footprint, by the digests its receipt names."""

    footprint: str
    maker: str
    receipt_digest: str
    inputs_digest: str
    factor_sets: Mapping[str, str]
    supplier_records: tuple[str, ...]
    methodology: str
    edition: str
    declared: Mapping[str, Any] | None
    declared_digest: str
    footprint_digest: str
    period: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A verifier's statement. ``evidence`` holds the digests of the documents inspected."""

    subject: Subject
    verifier: Verifier
    person_role: str
    level: Assurance
    opinion: Opinion
    scope: str
    conditions: tuple[str, ...]
    evidence: tuple[str, ...]
    dated: date
    expires: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    """A verifier takes a statement of its own back."""

    statement: str  # id of the claim
    statement_digest: str
    reason: str
    dated: date


def subject_of(
    receipt: ReceiptContent, receipt_jws: str, *, footprint: str, maker: str
) -> Subject:
    """The subject of a statement about the footprint this receipt was made for."""
    return Subject(
        footprint=footprint,
        maker=maker,
        receipt_digest=digest(receipt_jws.encode("utf-8")),
        **{member: getattr(receipt, member) for member in _FROM_RECEIPT},
    )


def differences(subject: Subject, receipt: ReceiptContent, receipt_jws: str) -> tuple[str, ...]:
    """The members in which a statement's subject is not what the receipt says."""
    due = subject_of(receipt, receipt_jws, footprint=subject.footprint, maker=subject.maker)
    members = (*_FROM_RECEIPT, "receipt_digest")
    return tuple(m for m in members if getattr(subject, m) != getattr(due, m))


def render_statement(statement: Statement) -> dict[str, Any]:
    """The statement as JSON."""
    subject, verifier = statement.subject, statement.verifier
    return {
        "kind": STATEMENT,
        "footprint": subject.footprint,
        "maker": subject.maker,
        "receipt_digest": subject.receipt_digest,
        "inputs_digest": subject.inputs_digest,
        "factor_sets": dict(subject.factor_sets),
        "supplier_records": list(subject.supplier_records),
        "methodology": subject.methodology,
        "edition": subject.edition,
        "declared": None if subject.declared is None else dict(subject.declared),
        "declared_digest": subject.declared_digest,
        "footprint_digest": subject.footprint_digest,
        "period": dict(subject.period),
        "verifier": {
            "name": verifier.name,
            "did": verifier.did,
            "accreditation": verifier.accreditation,
            "notified_body": verifier.notified_body,
        },
        "person_role": statement.person_role,
        "level": statement.level.value,
        "opinion": statement.opinion.value,
        "scope": statement.scope,
        "conditions": list(statement.conditions),
        "evidence": list(statement.evidence),
        "dated": statement.dated.isoformat(),
        "expires": statement.expires.isoformat(),
    }


def parse_statement(content: Mapping[str, Any], name: str = "") -> Statement:
    """The statement in the content of a claim or of a draft.

    Raises:
        FaultyInput: a member is missing, unknown or impossible; all findings at once.
    """
    faults: list[Finding] = []
    read = _Reader(content, name, faults)
    if content.get("kind") != STATEMENT:
        read.fault("kind")
    known = {
        *("kind", "footprint", "maker", "receipt_digest", *_FROM_RECEIPT, "verifier"),
        *("person_role", "level", "opinion", "scope", "conditions", "evidence"),
        *("dated", "expires"),
    }
    for member in sorted(content.keys() - known):
        read.fault(member)
    verifier = _Reader(read.mapping("verifier"), name, faults, "verifier/")
    for member in sorted(verifier.keys() - {"name", "did", "accreditation", "notified_body"}):
        verifier.fault(member)
    declared = content.get("declared")
    if declared is not None and not isinstance(declared, Mapping):
        read.fault("declared")
    level, opinion = read.choice("level", Assurance), read.choice("opinion", Opinion)
    dated, expires = read.day("dated"), read.day("expires")
    if expires < dated:
        read.fault("expires")
    conditions = read.texts("conditions")
    if opinion == Opinion.QUALIFIED and not conditions:
        faults.append(finding("verification.no-conditions", Place(name, pointer="/conditions")))
    statement = Statement(
        subject=Subject(
            footprint=read.text("footprint"),
            maker=read.text("maker"),
            receipt_digest=read.text("receipt_digest"),
            inputs_digest=read.text("inputs_digest"),
            factor_sets=read.mapping("factor_sets"),
            supplier_records=read.texts("supplier_records"),
            methodology=read.text("methodology"),
            edition=read.text("edition"),
            declared=dict(declared) if isinstance(declared, Mapping) else None,
            declared_digest=read.text("declared_digest"),
            footprint_digest=read.text("footprint_digest"),
            period=read.mapping("period"),
        ),
        verifier=Verifier(
            name=verifier.text("name"),
            did=verifier.text("did"),
            accreditation=verifier.text("accreditation", may_be_empty=True),
            notified_body=verifier.text("notified_body", may_be_empty=True),
        ),
        person_role=read.text("person_role"),
        level=Assurance(level),
        opinion=Opinion(opinion),
        scope=read.text("scope"),
        conditions=conditions,
        evidence=read.texts("evidence"),
        dated=dated,
        expires=expires,
    )
    if faults:
        raise FaultyInput(faults)
    return statement


def render_withdrawal(withdrawal: Withdrawal) -> dict[str, Any]:
    """The withdrawal as JSON."""
    return {
        "kind": WITHDRAWAL,
        "statement": withdrawal.statement,
        "statement_digest": withdrawal.statement_digest,
        "reason": withdrawal.reason,
        "dated": withdrawal.dated.isoformat(),
    }


def parse_withdrawal(content: Mapping[str, Any], name: str = "") -> Withdrawal:
    """The withdrawal in the content of a claim.

    Raises:
        FaultyInput: a member is missing, unknown or impossible; all findings at once.
    """
    faults: list[Finding] = []
    read = _Reader(content, name, faults)
    if content.get("kind") != WITHDRAWAL:
        read.fault("kind")
    members = {"kind", "statement", "statement_digest", "reason", "dated"}
    for member in sorted(content.keys() - members):
        read.fault(member)
    withdrawal = Withdrawal(
        statement=read.text("statement"),
        statement_digest=read.text("statement_digest"),
        reason=read.text("reason"),
        dated=read.day("dated"),
    )
    if not faults and not is_urn_uuid(withdrawal.statement):
        read.fault("statement")
    if faults:
        raise FaultyInput(faults)
    return withdrawal


class _Reader:
    """Members of a JSON object, each with a finding where it is not what it must be."""

    def __init__(
        self, members: Mapping[str, Any], name: str, faults: list[Finding], above: str = ""
    ) -> None:
        self._members, self._name, self._faults = members, name, faults
        self._above = above

    def fault(self, member: str) -> None:
        where = f"{self._above}{member}"[:120]
        place = Place(self._name, pointer=f"/{where}")
        self._faults.append(finding("verification.member", place, member=where))

    def keys(self) -> frozenset[str]:
        return frozenset(self._members)

    def text(self, member: str, *, may_be_empty: bool = False) -> str:
        value = self._members.get(member)
        if not isinstance(value, str) or len(value) > MAX_TEXT:
            self.fault(member)
            return ""
        if not may_be_empty and not value.strip():
            self.fault(member)
        return value

    def texts(self, member: str) -> tuple[str, ...]:
        value = self._members.get(member)
        listed = value if isinstance(value, list) else [None]
        good = all(isinstance(v, str) and 0 < len(v) <= MAX_TEXT for v in listed)
        if not good or len(listed) > MAX_ENTRIES:
            self.fault(member)
            return ()
        return tuple(listed)

    def mapping(self, member: str) -> dict[str, Any]:
        value = self._members.get(member)
        if not isinstance(value, Mapping):
            self.fault(member)
            return {}
        return dict(value)

    def choice(self, member: str, names: type[StrEnum]) -> str:
        value = self._members.get(member)
        if not isinstance(value, str) or value not in frozenset(names):
            self.fault(member)
            return str(next(iter(names)))
        return value

    def day(self, member: str) -> date:
        try:
            return date.fromisoformat(str(self._members.get(member)))
        except ValueError:
            self.fault(member)
            return date.min
