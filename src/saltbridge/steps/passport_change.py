"""A passport changes: its next version, in the unit of work of whatever makes it change."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Finding, errors_in, finding
from saltbridge.passport.assemble import next_version
from saltbridge.passport.attributes import applies_from
from saltbridge.passport.model import AttributeValue, Issuer, Origin, OriginKind, Values
from saltbridge.passport.validate import Readiness, kept_back_findings, readiness
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_counted import MEMBER as COUNTERS_MEMBER
from saltbridge.steps.passport_counted import counters_member, refuse_fallen
from saltbridge.steps.passport_reading import (
    RECORD,
    facts_of,
    newest_number,
    stored_version,
    version_id,
)
from saltbridge.steps.passport_versions import WrittenVersion, write_version
from saltbridge.steps.records import document, every
from saltbridge.trust.did import iso

VERSIONED = "passport.versioned"  # the leaf over the record that names the new version


@dataclass(frozen=True)
class Changed:
    """A version that was written, its readiness, and what was remarked (no errors)."""

    version: WrittenVersion
    status: Readiness
    findings: tuple[Finding, ...]


def change_passport(
    world: World,
    work: UnitOfWork,
    passport_id: str,
    changed: Values,
    *,
    reason: str,
    now: datetime,
    person: str = "",
    must_change: bool = True,
    noted: Mapping[str, str] = MappingProxyType({}),
    corrected: Collection[str] = (),
) -> Changed:
    """Write the next version of a passport with these values in place of the ones it had.

    The version, its release, its log leaves and the record of the passport are written in the
    unit of work that was handed in: what makes the passport change commits with them.
    ``must_change`` False is for events that make a version though no value differs (a repair).
    ``noted`` is kept in the record of the passport; ``corrected`` are counters that a signed
    correction may lower. A passport that was taken over is issued
    by this operator from its next version on, linked to the last one of the operator before.

    Raises:
        FaultyInput: no such passport, or the new version is incomplete or faulty by law.
        Refused: the passport is no longer active, nothing changes, a stored version is not the
            one that was signed, or the border room withholds a public value.
    """
    record = document(work, "passport", passport_id)
    if record is None:
        raise FaultyInput.of("passport.unknown-passport", passport=passport_id[:80])
    if record["status"] != "active":
        raise Refused.of("passport.not-active", passport=passport_id, status=record["status"])
    before = stored_version(work, passport_id, newest_number(record))
    if before is None:
        raise Refused.of(
            "passport.version-altered", passport=passport_id, version=newest_number(record)
        )
    facts = facts_of(work, before)
    if facts.issuer.did != world.node.did:
        own = Issuer(world.node.legal_name, world.node.did, world.node.bpn)
        facts = replace(facts, issuer=own, values={**facts.values, **_answers(world)})
    known = {**facts.kept_back, **facts.values}
    if must_change and all(known.get(id) == value for id, value in changed.items()):
        raise Refused.of("passport.nothing-changes", passport=passport_id)
    measured = refuse_fallen(work, record, changed, known, corrected)
    start = applies_from("passport", facts.category)
    on = max(now.date(), facts.placed_on_market, start or now.date())
    passport = next_version(facts, changed, issued_at=iso(now), on=on)
    status = readiness(passport.values, passport.category, on, today=now.date())
    told = [*status.findings, *kept_back_findings(passport, changed)]
    if errors_in(told):
        raise FaultyInput(told)
    if "version" not in record:  # from before: its three views become version 1, as signed
        old = canonical_bytes(dict(before))
        work.put(RECORD, version_id(passport_id, 1), old, expected_version=0)
    written = write_version(
        world, work, passport, status, now=now, person=person, reason=reason, replaces=before
    )
    body = canonical_bytes(
        {
            **{k: v for k, v in record.items() if k != COUNTERS_MEMBER},
            **counters_member(passport.values, measured),
            "category": passport.category,
            "version": passport.version,
            "changed_at": passport.issued_at,
            "claim_digest": written.claim.digest,
            "public": written.record["public"],
            **noted,
        }
    )
    work.put("passport", passport_id, body)
    work.append_leaf(VERSIONED, passport_id, body)
    return Changed(written, status, tuple(told))


def _answers(world: World) -> dict[str, AttributeValue]:
    """Who answers from the first version on that this operator issues: identifier, name and
    address."""
    node = world.node
    computed = Origin(OriginKind.COMPUTED, node.legal_name)
    stated = Origin(OriginKind.OPERATOR, node.legal_name, node.did)
    named = {"name": node.legal_name, "address": node.address or node.country}
    return {
        "A007": AttributeValue(node.bpn or node.did, "", computed),
        "A026": AttributeValue(named, "", stated),
    }


def passport_named(work: UnitOfWork, wanted: str) -> dict[str, Any]:
    """The record of a passport by its id, or by its serial number.

    Raises:
        FaultyInput: no such passport.
        Refused: several batteries have this serial number; name the id.
    """
    record = document(work, "passport", wanted)
    if record is not None:
        return dict(record)
    found = [read_json(r.body) for r in every(work, "passport")]
    found = [r for r in found if r["serial"] == wanted]
    if not found:
        raise FaultyInput.of("passport.unknown-passport", passport=wanted[:80])
    if len(found) > 1:
        raise Refused([finding("passport.serial-of-several", serial=wanted[:80])])
    return dict(found[0])
