"""The export statement: what a decision let go, in a form both partners may hold and check.

It names the bytes, the recipient, the purpose, the terms and the rules with their digests; it
counts the fields by class, and names only fields that left. It never holds a value, the path
of a field that stayed, or the name of a person: approvers are told by role and number.

Fields are counted as kinds of fields (the elements of an array share one), so that the counts
do not tell how many lines a recipe has.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.border.catalogue import FieldClass
from saltbridge.border.context import PUBLIC_AUDIENCE
from saltbridge.border.decide import LEAVE, LEAVE_MINIMISED, STAY
from saltbridge.border.release import Release
from saltbridge.border.rules import UNCATALOGUED
from saltbridge.core.canonical import canonical_bytes, digest

KIND: Final = "export-statement"
PUBLIC_KIND: Final = "export-statement-public"
STATEMENT_KINDS: Final = frozenset({KIND, PUBLIC_KIND})
_COUNTED: Final = {LEAVE: "left", LEAVE_MINIMISED: "minimised", STAY: "stayed"}


def statement_of(record: Mapping[str, Any], releases: Iterable[Release]) -> dict[str, Any]:
    """The content of the statement about a released decision.

    ``record`` is the decision record as stored, ``releases`` the bytes it let go.
    """
    public = record["recipient"]["bpn"] == PUBLIC_AUDIENCE
    statement: dict[str, Any] = {
        "kind": PUBLIC_KIND if public else KIND,
        "decision": {
            "id": record["id"],
            "made_at": record["made_at"],
            "digest": digest(canonical_bytes(dict(record))),
        },
        "released": [
            {"digest": r.digest, "size": len(r.content), "media_type": r.media_type}
            for r in releases
        ],
        "document_kind": record["document_kind"],
        "origin": record["origin"],
        "destination": record["destination"],
        "recipient": record["recipient"]["bpn"],
        "purpose": record["purpose"],
        "catalogue": {k: record["catalogue"][k] for k in ("kind", "edition", "digest")},
        "packs": [dict(pack) for pack in record["packs"]],
        "fields": _counts(record["fields"]),
    }
    if not public:
        kind = "agreement" if record["agreement"] else "offer"
        statement["terms"] = {"kind": kind, "id": record[kind]}
        statement["trade_secrets"] = _trade_secrets(record["fields"])
        statement["approvals"] = _approvals(record.get("approvals", ()))
    return statement


def _counts(fields: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    counts: dict[str, Counter[str]] = {}
    for field in fields:
        field_class = field["class"] or UNCATALOGUED
        counts.setdefault(field_class, Counter())[_COUNTED[field["decision"]]] += 1
    order = [*(c.value for c in FieldClass), UNCATALOGUED]
    return [
        {"class": c, **{told: counts[c][told] for told in _COUNTED.values()}}
        for c in order
        if c in counts
    ]


def _trade_secrets(fields: Iterable[Mapping[str, Any]]) -> list[str]:
    """Where in the released document a trade secret stands in another form.

    The Data Act has the holder name the data that are trade secrets (Art. 4(6), 5(9)).
    """
    return sorted(
        {
            str(field.get("into") or field["path"])
            for field in fields
            if field["class"] == FieldClass.TRADE_SECRET and field["decision"] != STAY
        }
    )


def _approvals(approvals: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    roles = Counter(str(approval["role"]) for approval in approvals)
    return [{"role": role, "count": count} for role, count in sorted(roles.items())]


@dataclass(frozen=True, slots=True)
class StatementCheck:
    """One thing that was compared. ``code`` is a message id below ``statement``."""

    name: str
    ok: bool
    code: str
    arguments: Mapping[str, str]


def check_statement(
    content: Mapping[str, Any],
    *,
    payload: bytes | None = None,
    recipient: str | None = None,
    terms: Iterable[str] = (),
    purposes: Iterable[str] = (),
) -> tuple[StatementCheck, ...]:
    """Whether a statement fits the bytes, and what the reader knows of recipient and terms.

    What is not given is not compared. Signature and issuer are the trust room's work.
    """
    checks: list[StatementCheck] = []

    def compare(name: str, ok: bool, **arguments: object) -> None:
        code = f"statement.{name}-{'fits' if ok else 'differs'}"
        told = {k: str(v)[:200] for k, v in arguments.items()}
        checks.append(StatementCheck(name, ok, code, told))

    whole = content.get("kind") in STATEMENT_KINDS and bool(_released(content))
    compare("content", whole, kind=content.get("kind"))
    if payload is not None:
        found = digest(payload)
        stated = [(r.get("digest"), r.get("size")) for r in _released(content)]
        compare("payload", (found, len(payload)) in stated, found=found)
    if recipient is not None:
        compare("recipient", content.get("recipient") == recipient, due=recipient)
    known = tuple(terms)
    if known:
        stated_terms = content.get("terms")
        id = stated_terms.get("id") if isinstance(stated_terms, Mapping) else None
        compare("terms", id in known, found=id)
    agreed = tuple(purposes)
    if agreed:
        compare("purpose", content.get("purpose") in agreed, found=content.get("purpose"))
    return tuple(checks)


def _released(content: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    released = content.get("released")
    if not isinstance(released, list):
        return []
    return [r for r in released if isinstance(r, Mapping) and isinstance(r.get("digest"), str)]
