"""Batches of copies of passports on their way to a back-up provider, and their receipt.

JSON of our own. Of every passport the public part lies open: the signed claim file of each
version with its status. Everything else is one sealed document, which the provider keeps and
cannot read. A signed claim names the digest of every part, the batch before, and how far in
the operator's log the batch reaches.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding
from saltbridge.core.identifiers import is_gtin14, is_urn_uuid
from saltbridge.passport.data_carrier import is_serial

KIND: Final = "passport-copies"
RECEIPT_KIND: Final = "passport-copies-receipt"
MOST_BYTES: Final = 40_000_000
ACTIVE, CEASED, HANDED_OVER = "active", "ceased", "handed-over"
_STATES: Final = (ACTIVE, CEASED, HANDED_OVER)
_VERSION: Final = frozenset({"file", "status"})


@dataclass(frozen=True, slots=True)
class Entry:
    """The copy of one passport. ``moved_to``: base URL of the node that has it by now."""

    passport_id: str
    product_id: str
    gtin: str
    serial: str
    state: str
    ceased_on: str
    moved_to: str
    versions: tuple[Mapping[str, Any], ...]  # file and status, the first one first
    sealed: Mapping[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """The entry as it is sent."""
        return {**asdict(self), "versions": list(self.versions), "sealed": dict(self.sealed)}

    @property
    def digest(self) -> str:
        """Of the entry as it is sent."""
        return digest(canonical_bytes(self.document))


@dataclass(frozen=True, slots=True)
class Batch:
    """What an operator says in a batch: the content of the signed claim."""

    to: str
    number: int
    previous: str  # digest of the claim before, empty at the beginning
    log_from: int
    log_to: int
    skip: int  # passports of the leaf at ``log_to`` that this batch or one before it has
    passports: Mapping[str, str] = field(default_factory=dict)  # id → digest of the entry
    lists: Sequence[str] = ()  # digests of tokens of status lists

    @property
    def content(self) -> dict[str, Any]:
        """The content of the claim."""
        told = asdict(self)
        return {"kind": KIND, **told, "lists": list(self.lists)}


def batch_of(content: Mapping[str, Any]) -> Batch:
    """The batch in a claim's content.

    Raises:
        FaultyInput: it is not one.
    """
    members = {f.name for f in fields(Batch)} | {"kind"}
    numbers = ("number", "log_from", "log_to", "skip")
    sound = (
        content.keys() == members
        and content["kind"] == KIND
        and all(type(content[m]) is int and content[m] >= 0 for m in numbers)
        and isinstance(content["to"], str)
        and isinstance(content["previous"], str)
        and isinstance(content["passports"], dict)
        and isinstance(content["lists"], list)
    )
    if not sound:
        raise FaultyInput.of("copy.member", member="claim")
    return Batch(**{m: content[m] for m in members - {"kind"}})


def render_batch(claim: bytes, entries: Sequence[Entry], lists: Sequence[str]) -> bytes:
    """A batch as it is sent; ``claim`` is the claim file about it."""
    return canonical_bytes(
        {
            "claim": read_json(claim),
            "passports": [entry.document for entry in entries],
            "lists": list(lists),
        }
    )


def parse_batch(content: bytes) -> tuple[bytes, tuple[Entry, ...], tuple[str, ...]]:
    """Claim file, entries and list tokens of a batch; nothing in it is verified.

    Raises:
        FaultyInput: not a batch.
    """
    told = read_json(content)
    if not isinstance(told, dict) or told.keys() != {"claim", "passports", "lists"}:
        raise FaultyInput.of("copy.member", member="/")
    if not isinstance(told["passports"], list) or not _are_texts(told["lists"]):
        raise FaultyInput.of("copy.member", member="passports")
    entries = tuple(parse_entry(one) for one in told["passports"])
    return canonical_bytes(told["claim"]), entries, tuple(told["lists"])


def parse_entry(told: Any) -> Entry:
    """The copy of one passport.

    Raises:
        FaultyInput: a member is missing or not what it must be.
    """
    members = {f.name for f in fields(Entry)}
    if not isinstance(told, dict) or told.keys() != members:
        raise FaultyInput.of("copy.member", member="passports")
    texts = members - {"versions", "sealed"}
    wrong = [m for m in sorted(texts) if not isinstance(told[m], str)]
    wrong = wrong or [m for m, good in _checks(told).items() if not good]
    if wrong:
        raise FaultyInput(finding("copy.member", member=m) for m in wrong)
    return Entry(**{**told, "versions": tuple(told["versions"])})


def _checks(told: Mapping[str, Any]) -> dict[str, bool]:
    versions = told["versions"]
    return {
        "passport_id": is_urn_uuid(told["passport_id"]),
        "gtin": is_gtin14(told["gtin"]),
        "serial": is_serial(told["serial"]),
        "state": told["state"] in _STATES,
        "versions": isinstance(versions, list)
        and bool(versions)
        and all(isinstance(v, dict) and v.keys() == _VERSION for v in versions),
        "sealed": isinstance(told["sealed"], dict),
    }


def _are_texts(stated: Any) -> bool:
    return isinstance(stated, list) and all(isinstance(text, str) for text in stated)
