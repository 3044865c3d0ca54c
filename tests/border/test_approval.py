"""Trade secrets leave after two different persons approved the very bytes, and never before."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from saltbridge.border.catalogue import catalogue_for
from saltbridge.border.context import Approval, Context, Recipient, Secrets, Terms
from saltbridge.border.decide import Decision, decide, release, release_rendered
from saltbridge.border.manifest import decision_record, manifest_of
from saltbridge.border.rules import Pack, packaged_packs, parse_pack
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Refused
from saltbridge.testing.canaries import battery_record, pcf

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
CARS = Recipient("BPNL00000000CARS", "Cars", "EU")
DPP = "cx.circular.dpp:1"
JSON = "application/json"
RULE = """
id = "two"
edition = "1"
title = "t"
jurisdiction = "*"
applies = "always"
applies_from = 2026-11-01
state = "loaded"
citation = "c"
confidence = "recalled"
[[rule]]
id = "house-two-persons"
effect = "forbid"
classes = ["trade_secret"]
unless = "approved-by-two"
roles = ["approver", "compliance-officer"]
"""


def packs() -> tuple[Pack, ...]:
    known = {rule.id for pack in packaged_packs() for rule in pack.rules}
    return packaged_packs() if "house-two-persons" in known else (*packaged_packs(), two())


def two() -> Pack:
    return parse_pack(RULE)


def context(**changes: Any) -> Context:
    good = Context(
        decision_id="urn:uuid:00000000-0000-4000-8000-00000000000d",
        origin="CN",
        destination="EU",
        recipient=CARS,
        purpose=DPP,
        agreement=Terms("urn:uuid:offer", "offer", (CARS.bpn,), (DPP,), AT),
        at=AT,
        counters={"year": 2026, "persons": 0, "sensitive_persons": 0},
        person="Li Wei",
        person_id="p-li",
    )
    return replace(good, **changes)


def decided(
    given: Context, *, proposal: bool = False, document: dict[str, Any] | None = None
) -> Decision:
    shown = document or battery_record()
    key = Secrets(b"k" * 32)
    return decide(shown, given, catalogue_for(shown["kind"]), packs(), key, proposal=proposal)


def bytes_of(decision: Decision) -> bytes:
    return decision.view_bytes


PROPOSED = bytes_of(decided(context(), proposal=True))
ZHANG = Approval("p-zhang", "approver", digest(PROPOSED), AT, "Zhang")
CHEN = Approval("p-chen", "compliance-officer", digest(PROPOSED), AT, "Chen")


def secrets_left(decision: Decision) -> list[str]:
    left = (*decision.leaves, *decision.minimised)
    return [f.path for f in left if f.field_class == "trade_secret"]


def test_without_approvals_no_trade_secret_leaves_in_any_form():
    decision = decided(context())
    assert secrets_left(decision) == [] and not decision.by_approval
    assert "footprint" in decision.view and "stages_merged" not in decision.view["footprint"]
    stayed = {f.path: f.rule for f in decision.stays}
    assert stayed["/suppliers/[]/name"] == "house-two-persons"


def test_a_proposal_shows_what_would_leave_and_cannot_be_released():
    decision = decided(context(), proposal=True)
    assert secrets_left(decision) and decision.awaits_approval
    with pytest.raises(Refused) as refusal:
        release(decision, decision.view_bytes, JSON, decision.view_bytes)
    assert refusal.value.findings[0].code == "border.awaits-approval"


def test_approvals_do_not_turn_a_proposal_into_a_release():
    decision = decided(context(approvals=(ZHANG, CHEN)), proposal=True)
    with pytest.raises(Refused):
        release(decision, decision.view_bytes, JSON, decision.view_bytes)


def test_two_different_persons_let_the_very_bytes_go():
    decision = decided(context(approvals=(ZHANG, CHEN)))
    assert decision.view_bytes == PROPOSED and secrets_left(decision)
    released = release(decision, PROPOSED, JSON, PROPOSED)
    record = decision_record(decision, released)
    assert [a["person_id"] for a in record["approvals"]] == ["p-zhang", "p-chen"]
    assert {a["digest"] for a in record["approvals"]} == {record["digest"]}
    assert manifest_of(decision)["approval"]["needed"] is True


def other(**changes: Any) -> Approval:
    return replace(CHEN, **changes)


BAD = {
    "none": (),
    "one": (ZHANG,),
    "the same person twice": (ZHANG, ZHANG),
    "the same person in two roles": (ZHANG, replace(ZHANG, role="compliance-officer")),
    "the same person under two names": (ZHANG, replace(ZHANG, name="Z. Zhang")),
    "one of them proposed it": (ZHANG, other(person_id="p-li")),
    "a role that may not": (ZHANG, other(role="operator")),
    "no role": (ZHANG, other(role="")),
    "nobody": (ZHANG, other(person_id="")),
    "other bytes": (ZHANG, other(digest=digest(b"other"))),
    "no digest": (ZHANG, other(digest="")),
    "from the future": (ZHANG, other(at=AT + timedelta(seconds=1))),
    "three, of which one for other bytes": (ZHANG, CHEN, other(person_id="p", digest="x")),
}


@pytest.mark.parametrize("approvals", BAD.values(), ids=BAD.keys())
def test_approvals_that_are_not_two_persons_for_these_bytes_open_nothing(approvals):
    assert secrets_left(decided(context(approvals=approvals))) == []


def test_who_has_no_account_is_known_by_name():
    nameless = context(person_id="", person=" li WEI ", approvals=(ZHANG, other(name="Li Wei")))
    assert secrets_left(decided(nameless)) == []


def test_approvals_for_other_bytes_release_nothing_even_if_the_digests_agree():
    elsewhere = tuple(replace(a, digest=digest(b"swapped")) for a in (ZHANG, CHEN))
    decision = decided(context(approvals=elsewhere))
    with pytest.raises(Refused) as refusal:
        release(decision, decision.view_bytes, JSON, decision.view_bytes)
    assert refusal.value.findings[0].code == "border.not-the-approved-bytes"


def test_approvals_open_no_other_class():
    """What is forbidden for another reason stays forbidden, whoever approves."""
    decision = decided(context(approvals=(ZHANG, CHEN)))
    assert b"CANARY" not in decision.view_bytes
    left = {f.field_class for f in (*decision.leaves, *decision.minimised)}
    assert left == {"public", "contract", "trade_secret"}
    wrong = decided(context(approvals=(ZHANG, CHEN), counters=None))
    assert wrong.withholds_all_but_public


def test_what_holds_no_trade_secret_that_leaves_needs_nobody():
    pcf_purpose = "cx.pcf.base:1"
    terms = replace(context().agreement, purposes=(pcf_purpose,))
    given = context(purpose=pcf_purpose, agreement=terms)
    decision = decided(given, proposal=True, document=pcf())
    assert not decision.by_approval and not decision.awaits_approval
    assert decision.view_bytes == decided(given, document=pcf()).view_bytes
    released = release(decision, decision.view_bytes, JSON, decision.view_bytes)
    assert decision_record(decision, released)["approvals"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        RULE.replace('roles = ["approver", "compliance-officer"]', ""),
        RULE.replace('unless = "approved-by-two"', ""),
    ],
)
def test_a_pack_that_does_not_say_who_may_approve_is_not_used(wrong):
    with pytest.raises(ValueError, match="roles"):
        parse_pack(wrong)


def test_the_house_pack_is_read_as_it_stands():
    house = files("saltbridge.border") / "packs" / "rules-house.toml"
    assert parse_pack(house.read_text("utf-8")).id == "house"


# --- the decided view in another writing ----------------------------------------------------


def as_text(view: Any) -> bytes:
    return b"view: " + canonical_bytes(view)


def test_what_is_rendered_is_made_of_the_decided_view_and_nothing_else():
    decision = decided(context())
    given: list[Any] = []

    def render(view: Any) -> bytes:
        given.append(view)
        return as_text(view)

    released = release_rendered(decision, render, "text/plain")
    assert given == [read_json(decision.view_bytes)]
    assert released.content == as_text(given[0]) and released.media_type == "text/plain"
    assert released.audience == CARS.bpn
    assert released.decision_id == decision.context.decision_id


def test_a_proposal_is_not_rendered_into_a_release():
    with pytest.raises(Refused) as told:
        release_rendered(decided(context(), proposal=True), as_text, "text/plain")
    assert told.value.findings[0].code == "border.awaits-approval"


def test_approvals_of_the_view_are_no_approvals_of_another_writing():
    decision = decided(context(approvals=(ZHANG, CHEN)))
    with pytest.raises(Refused) as told:
        release_rendered(decision, as_text, "text/plain")
    assert told.value.findings[0].code == "border.not-the-approved-bytes"
    assert release_rendered(decision, canonical_bytes, JSON).content == PROPOSED
