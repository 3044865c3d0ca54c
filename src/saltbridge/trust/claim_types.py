"""What is signed as what: estimate, declaration, record, passport, receipt, statements.

Each is a type of its own, in the code and inside the signed bytes (twice: in the header's
``typ`` and in the statement), so that none can be passed off as another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from saltbridge.core.canonical import digest


class ClaimType(StrEnum):
    """What a claim is signed as."""

    ESTIMATE = "estimate"
    DECLARATION = "declaration"
    SUPPLIER_RECORD = "supplier-record"
    PASSPORT = "passport"
    PASSPORT_VERSION = "passport-version"
    PASSPORT_EVENT = "passport-event"
    PASSPORT_COPY = "passport-copy"
    PASSPORT_RECEIPT = "passport-receipt"
    PASSPORT_KEEPING = "passport-keeping"
    RECEIPT = "receipt"
    EXPORT_STATEMENT = "export-statement"
    VERIFICATION_STATEMENT = "verification-statement"

    @property
    def jws_type(self) -> str:
        """The header's ``typ``: ``saltbridge-<type>+jws``, or ``…+sd-jwt``."""
        form = "sd-jwt" if self is ClaimType.PASSPORT_VERSION else "jws"
        return f"saltbridge-{self.value}+{form}"


@dataclass(frozen=True, slots=True)
class SignedClaim:
    """A statement with its signature, as a compact JWS. Not verified by being one."""

    jws: str
    type: ClassVar[ClaimType]

    def __post_init__(self) -> None:
        if type(self) is SignedClaim:
            raise TypeError("a claim is an Estimate, Declaration, SupplierRecord, Passport, …")

    @property
    def digest(self) -> str:
        """SHA-256 of the JWS as sent: ``sha256:<hex>``."""
        return digest(self.jws.encode("utf-8"))


@dataclass(frozen=True, slots=True)
class Estimate(SignedClaim):
    """A footprint under draft or pending law, with illustrative factors, or with holes."""

    type: ClassVar[ClaimType] = ClaimType.ESTIMATE


@dataclass(frozen=True, slots=True)
class Declaration(SignedClaim):
    """A complete footprint under law in force, by the responsible operator."""

    type: ClassVar[ClaimType] = ClaimType.DECLARATION


@dataclass(frozen=True, slots=True)
class SupplierRecord(SignedClaim):
    """What a maker hands on to its customer: battery or material, never a passport."""

    type: ClassVar[ClaimType] = ClaimType.SUPPLIER_RECORD


@dataclass(frozen=True, slots=True)
class Passport(SignedClaim):
    """One audience's view of a battery passport, signed as a whole.

    Passports were issued so until versions came; they are read and no longer made.
    """

    type: ClassVar[ClaimType] = ClaimType.PASSPORT


@dataclass(frozen=True, slots=True)
class PassportVersion(SignedClaim):
    """A version of a battery passport, issued by the responsible operator.

    The signed JWT of an SD-JWT: ``trust.sd_jwt`` adds the parts a reader was given.
    """

    type: ClassVar[ClaimType] = ClaimType.PASSPORT_VERSION


@dataclass(frozen=True, slots=True)
class PassportEvent(SignedClaim):
    """What happened to a battery, by an operator who answers for its passport.

    Where responsibility moves, the operator who takes over signs the same words.
    """

    type: ClassVar[ClaimType] = ClaimType.PASSPORT_EVENT


@dataclass(frozen=True, slots=True)
class PassportCopy(SignedClaim):
    """What an operator hands to another company of its passports, by digests; no passport."""

    type: ClassVar[ClaimType] = ClaimType.PASSPORT_COPY


@dataclass(frozen=True, slots=True)
class PassportReceipt(SignedClaim):
    """That somebody took in what a ``PassportCopy`` named, and checked it."""

    type: ClassVar[ClaimType] = ClaimType.PASSPORT_RECEIPT


@dataclass(frozen=True, slots=True)
class PassportKeeping(SignedClaim):
    """What a keeper of copies last had of an operator who is gone: its keys and its lists."""

    type: ClassVar[ClaimType] = ClaimType.PASSPORT_KEEPING


@dataclass(frozen=True, slots=True)
class Receipt(SignedClaim):
    """The digests of what went into a calculation and of what came out."""

    type: ClassVar[ClaimType] = ClaimType.RECEIPT


@dataclass(frozen=True, slots=True)
class ExportStatement(SignedClaim):
    """What a border decision let go: which bytes, to whom, under which rules, by whom."""

    type: ClassVar[ClaimType] = ClaimType.EXPORT_STATEMENT


@dataclass(frozen=True, slots=True)
class VerificationStatement(SignedClaim):
    """A verifier's word on inputs, methodology edition and result, by their digests."""

    type: ClassVar[ClaimType] = ClaimType.VERIFICATION_STATEMENT


CLAIM_CLASSES: Final[Mapping[ClaimType, type[SignedClaim]]] = {
    cls.type: cls
    for cls in (
        Estimate,
        Declaration,
        SupplierRecord,
        Passport,
        PassportVersion,
        PassportEvent,
        PassportCopy,
        PassportReceipt,
        PassportKeeping,
        Receipt,
        ExportStatement,
        VerificationStatement,
    )
}
