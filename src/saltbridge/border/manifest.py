"""The decision record and the manifest: paths, classes, rules and digests; never a value."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from saltbridge.border.context import Approval
from saltbridge.border.decide import Decision, FieldDecision
from saltbridge.border.release import Release
from saltbridge.border.rules import COUNTERS, Pack
from saltbridge.trust.did import iso

RELEASED: Final = "released"
REFUSED: Final = "refused"


def decision_record(decision: Decision, release: Release | None) -> dict[str, Any]:
    """The record of a decision, as it is stored and logged. ``release`` None: refused."""
    context = decision.context
    terms = context.agreement
    return {
        "id": context.decision_id,
        "made_at": _iso(decision),
        "document_kind": decision.document_kind,
        "origin": context.origin,
        "destination": context.destination,
        "recipient": {"bpn": context.recipient.bpn, "name": context.recipient.name},
        "purpose": context.purpose,
        "agreement": terms.id if terms is not None and terms.kind == "agreement" else None,
        "offer": terms.id if terms is not None and terms.kind == "offer" else None,
        "catalogue": {
            "kind": decision.catalogue.kind,
            "edition": decision.catalogue.edition,
            "digest": decision.catalogue.digest,
            "under": list(decision.catalogue.under),
        },
        "packs": [_pack_row(p) for p in decision.packs],
        "conditions": [
            {
                "rule": c.rule,
                "condition": c.condition,
                "held": c.held,
                "offered": c.offered,
                "needed": c.needed,
            }
            for c in decision.conditions
        ],
        "zone": context.zone,
        "fields": [_field_row(f) for f in decision.fields],
        "digest": release.digest if release is not None else None,
        "size": len(release.content) if release is not None else 0,
        "counters": {"before": _counters(decision), "after": counters_after(decision)},
        "person": context.person,
        "person_id": context.person_id,
        "approvals": approval_rows(context.approvals) if decision.by_approval else [],
        "verdict": RELEASED if release is not None else REFUSED,
    }


def _pack_row(pack: Pack) -> dict[str, Any]:
    row = {
        "id": pack.id,
        "edition": pack.edition,
        "digest": pack.digest,
        "state": pack.state,
    }
    return {**row, "annex": pack.annex_digest} if pack.annex_digest else row


def counters_after(decision: Decision) -> dict[str, int] | None:
    """The yearly counters once this decision has been carried out.

    Every personal field counts as one person: too many rather than too few.
    """
    before = _counters(decision)
    if before is None:
        return None
    return {
        **before,
        "persons": before["persons"] + decision.personal_fields_left,
        "sensitive_persons": before["sensitive_persons"] + decision.sensitive_fields_left,
    }


def _counters(decision: Decision) -> dict[str, int] | None:
    counters = decision.context.counters
    if counters is None or not {"year", *COUNTERS} <= counters.keys():
        return None
    return {name: counters[name] for name in ("year", *COUNTERS)}


def manifest_of(decision: Decision) -> dict[str, Any]:
    """What left, what stayed and what left in another form, for people to read."""
    context = decision.context
    return {
        "decision_id": context.decision_id,
        "made_at": _iso(decision),
        "document_kind": decision.document_kind,
        "origin": context.origin,
        "destination": context.destination,
        "recipient": {"bpn": context.recipient.bpn, "name": context.recipient.name},
        "purpose": context.purpose,
        "person": context.person,
        "approval": {
            "needed": decision.by_approval,
            "given": approval_rows(context.approvals) if decision.by_approval else [],
        },
        "packs": [
            {
                "id": p.id,
                "edition": p.edition,
                "title": p.title,
                "citation": p.citation,
                "confidence": p.confidence.value,
                "state": p.state,
            }
            for p in decision.packs
        ],
        "left": [_manifest_row(f) for f in decision.leaves],
        "minimised": [_manifest_row(f) for f in decision.minimised],
        "stayed": [_manifest_row(f) for f in decision.stays],
    }


def grouped(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of a manifest by group, rule and transform: one line for a person each.

    ``count`` is the number of single fields, ``paths`` the different paths among them.
    """
    groups: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        parts = ("group", "class", "rule", "transform", "into")
        key = tuple(str(row.get(name, "")) for name in parts)
        group = groups.setdefault(
            key, {**dict(zip(parts, key, strict=True)), "count": 0, "paths": []}
        )
        group["count"] += int(row.get("count", 1))
        group["paths"].append(str(row["path"]))
    return list(groups.values())


def _field_row(field: FieldDecision) -> dict[str, Any]:
    row: dict[str, Any] = {
        "path": field.path,
        "class": field.field_class,
        "decision": field.decision,
        "rule": field.rule,
        "rules": list(field.rules),
        "count": field.count,
    }
    if field.transform:
        row["transform"] = field.transform
    if field.into:
        row["into"] = field.into
    return row


def _manifest_row(field: FieldDecision) -> dict[str, Any]:
    row = _field_row(field)
    del row["decision"], row["rules"]
    return {**row, "group": field.group, "text_id": f"manifest.group.{field.group}"}


def approval_rows(approvals: Iterable[Approval]) -> list[dict[str, str]]:
    """Who approved which bytes, when and as what."""
    return [
        {
            "person_id": a.person_id,
            "name": a.name,
            "role": a.role,
            "digest": a.digest,
            "at": iso(a.at),
        }
        for a in approvals
    ]


def _iso(decision: Decision) -> str:
    return iso(decision.context.at)
