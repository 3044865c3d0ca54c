"""Approval: two persons, the very bytes, everything checked again when it counts."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from tests.services.proposing import (
    CARS,
    VANS,
    all_of,
    cellmaker,
    code_of,
    leaves,
    published,
    shown,
)

from saltbridge.accounts.model import Person, Role
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import Refused
from saltbridge.ports import World
from saltbridge.services import annex
from saltbridge.services.approval import (
    approve,
    lapse_expired,
    pending,
    proposal,
    refuse,
)
from saltbridge.services.border_records import decisions, manifests
from saltbridge.steps import proposals as p
from saltbridge.testing.annexes import LISTS_CHEMISTRY, annex_toml
from saltbridge.testing.approvals import account_of, two_approvers
from saltbridge.testing.canaries import battery_record
from saltbridge.trust.claims import SupplierRecord, verify

# ── the way it goes ─────────────────────────────────────────────────────────────────────


def test_nothing_is_released_before_the_second_person_and_then_the_very_bytes():
    world = cellmaker()
    first, second = two_approvers(world)
    (id,) = published(world)
    waiting = proposal(world, id)
    assert decisions(world) == () and waiting["state"] == "pending"
    assert all_of(world, "dataset")[0]["releases"] == {}
    before = approve(world, first, id, waiting["digest"])
    assert (before.released, before.missing) == (False, 1)
    assert decisions(world) == () and all_of(world, "dataset")[0]["releases"] == {}
    after = approve(world, second, id, waiting["digest"])
    assert (after.released, after.missing) == (True, 0)
    (dataset,) = all_of(world, "dataset")
    kept = dataset["releases"][CARS.bpn]
    assert dataset["awaiting"] == {} and kept["digest"] == waiting["digest"]
    with world.store.reading() as view:
        released = view.get_release(kept["digest"], kept["decision_id"])
    assert released is not None and released.content == waiting["content"].encode()
    assert digest(released.content) == waiting["digest"] and released.audience == CARS.bpn
    claim = SupplierRecord(json.loads(released.content)["jws"])
    assert verify(claim, world.keyring.did_document()).content == waiting["view"]
    assert b"CANARY" not in released.content


def test_the_decision_record_names_who_proposed_and_who_approved_what_when():
    world = cellmaker()
    first, second = two_approvers(world)
    (id,) = published(world)
    approve(world, first, id, shown(world, id))
    world.clock.advance(hours=3)  # type: ignore[attr-defined]
    approve(world, second, id, shown(world, id))
    (record,) = decisions(world)
    assert record["id"] == id and record["verdict"] == "released"
    assert (record["person"], record["person_id"]) == ("Li Wei (li.wei)", "urn:person:li.wei")
    given = [(a["person_id"], a["role"], a["at"]) for a in record["approvals"]]
    assert given == [
        (first.id, "approver", "2026-11-23T12:00:00Z"),
        (second.id, "compliance-officer", "2026-11-23T15:00:00Z"),
    ]
    assert {a["digest"] for a in record["approvals"]} == {record["digest"]}
    (manifest,) = manifests(world, id)
    assert [a["name"] for a in manifest["approval"]["given"]] == [first.name, second.name]


def test_every_step_has_its_leaves():
    world = cellmaker()
    first, second = two_approvers(world)
    counted = [leaves(world)]
    (id,) = published(world)
    counted.append(leaves(world))
    approve(world, first, id, shown(world, id))
    counted.append(leaves(world))
    approve(world, second, id, shown(world, id))
    counted.append(leaves(world))
    # signed, proposed, offered; approved;
    # decided, its statement signed and decided, dataset changed, approved
    assert [b - a for a, b in pairwise(counted)] == [3, 1, 5]


def test_counters_move_when_something_leaves_and_not_before():
    world = cellmaker()
    first, second = two_approvers(world)
    (id,) = published(world)
    assert all_of(world, "counter") == []
    approve(world, first, id, shown(world, id))
    assert all_of(world, "counter") == []
    approve(world, second, id, shown(world, id))
    (record,) = decisions(world)
    assert all_of(world, "counter") == [record["counters"]["after"]]


def test_each_recipient_has_a_proposal_of_its_own():
    world = cellmaker()
    first, second = two_approvers(world)
    cars, vans = published(world, CARS.bpn, VANS.bpn)
    assert shown(world, cars) != shown(world, vans)
    for person in (first, second):
        approve(world, person, vans, shown(world, vans))
    (dataset,) = all_of(world, "dataset")
    assert set(dataset["releases"]) == {VANS.bpn} and dataset["awaiting"] == {CARS.bpn: cars}


def test_what_waits_is_listed_without_its_bytes_the_oldest_first():
    world = cellmaker()
    (old,) = published(world)
    world.clock.advance(hours=1)  # type: ignore[attr-defined]
    (new,) = published(world)
    listed = pending(world)
    assert [one["id"] for one in listed] == [old, new]
    assert not any("content" in one or "view" in one for one in listed)


# ── who may not ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "role", [r for r in Role if r not in (Role.APPROVER, Role.COMPLIANCE_OFFICER)]
)
def test_no_other_role_approves_or_refuses(role):
    world = cellmaker()
    person = account_of(world, "wang", role)
    (id,) = published(world)
    assert code_of(approve, world, person, id, shown(world, id)) == "approval.not-allowed"
    assert code_of(refuse, world, person, id, "no") == "approval.not-allowed"
    assert proposal(world, id)["approvals"] == []


def test_a_person_the_accounts_do_not_know_approves_nothing():
    """A session may claim any roles: what counts is the account."""
    world = cellmaker()
    (id,) = published(world)
    ghost = Person("urn:person:ghost", "Ghost", frozenset(Role))
    assert code_of(approve, world, ghost, id, shown(world, id)) == "approval.not-allowed"


def test_who_proposed_it_does_not_approve_it_under_any_role():
    world = cellmaker()
    li = account_of(world, "li.wei", Role.OPERATOR, Role.APPROVER)
    (id,) = published(world, proposer=li)
    assert code_of(approve, world, li, id, shown(world, id)) == "approval.own-proposal"
    (nameless,) = published(world, proposer=None, person="LI.WEI")
    assert code_of(approve, world, li, nameless, shown(world, id)) != ""
    wanted = shown(world, nameless)
    assert code_of(approve, world, li, nameless, wanted) == "approval.own-proposal"


def test_who_may_not_publish_proposes_nothing():
    world = cellmaker()
    with pytest.raises(Refused):
        published(world, proposer=account_of(world, "zhang", Role.APPROVER))
    assert all_of(world, "dataset") == [] and all_of(world, p.KIND) == []


def test_nobody_counts_twice_not_even_in_two_sessions_or_roles():
    world = cellmaker()
    first, _ = two_approvers(world)
    (id,) = published(world)
    approve(world, first, id, shown(world, id))
    again = replace(first, name="Somebody Else", roles=frozenset({Role.COMPLIANCE_OFFICER}))
    assert code_of(approve, world, again, id, shown(world, id)) == "approval.twice"
    account_of(world, "renamed", Role.COMPLIANCE_OFFICER, id=first.id)
    assert code_of(approve, world, first, id, shown(world, id)) == "approval.twice"
    assert decisions(world) == ()


@pytest.mark.parametrize(
    ("roles", "state"),
    [((Role.VIEWER,), "active"), ((Role.APPROVER,), "removed"), ((Role.APPROVER,), "locked")],
)
def test_a_first_approver_who_lost_the_right_counts_no_more(roles, state):
    world = cellmaker()
    first, second = two_approvers(world)
    (id,) = published(world)
    approve(world, first, id, shown(world, id))
    account_of(world, "zhang.min", *roles, id=first.id, state=state)
    outcome = approve(world, second, id, shown(world, id))
    assert (outcome.released, outcome.missing) == (False, 1) and decisions(world) == ()
    assert [a["person_id"] for a in outcome.proposal["approvals"]] == [second.id]
    third = account_of(world, "wu", Role.APPROVER)
    assert approve(world, third, id, shown(world, id)).released
    (record,) = decisions(world)
    assert [a["person_id"] for a in record["approvals"]] == [second.id, third.id]


# ── what it was for ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("wrong", ["", "sha256:", "sha256:" + "0" * 64])
def test_an_approval_of_other_bytes_is_none(wrong):
    world = cellmaker()
    first, _ = two_approvers(world)
    (id,) = published(world)
    assert code_of(approve, world, first, id, wrong) == "approval.other-bytes"


def test_an_approval_cannot_be_carried_from_one_proposal_to_another():
    world = cellmaker()
    first, second = two_approvers(world)
    one, other = *published(world), *published(world, VANS.bpn)
    approve(world, first, one, shown(world, one))
    assert code_of(approve, world, second, one, shown(world, other)) == "approval.other-bytes"
    assert code_of(approve, world, second, other, shown(world, one)) == "approval.other-bytes"
    stolen = altered(world, other, approvals=proposal(world, one)["approvals"])
    outcome = approve(stolen, second, other, shown(world, other))
    assert not outcome.released and outcome.missing == 1


def altered(world: World, id: str, **members: Any) -> World:
    """The same world after somebody with access to the store wrote into a proposal."""
    with world.store.unit_of_work() as work:
        record = read_json(work.get(p.KIND, id).body)
        work.put(p.KIND, id, canonical_bytes({**record, **members}))
    return world


def test_bytes_swapped_in_the_store_are_found():
    world = cellmaker()
    first, _ = two_approvers(world)
    one, other = *published(world), *published(world, VANS.bpn)
    mine = proposal(world, one)
    altered(world, other, content=mine["content"])
    assert code_of(approve, world, first, other, mine["digest"]) == "release.altered"


def test_the_bytes_of_another_recipient_do_not_leave_even_if_the_digest_is_swapped_too():
    """Two approvals under a forged record: the decision made anew has another view."""
    world = cellmaker()
    first, _ = two_approvers(world)
    cars, vans = published(world, CARS.bpn, VANS.bpn)
    theirs = proposal(world, vans)
    swapped = {"content": theirs["content"], "digest": theirs["digest"]}
    altered(world, cars, **swapped)
    assert code_of(approve, world, first, cars, theirs["digest"]) == "approval.rules-changed"
    assert proposal(world, cars)["state"] == "lapsed" and decisions(world) == ()


def test_a_truncated_content_leaves_with_nobody():
    world = cellmaker()
    first, _ = two_approvers(world)
    (id,) = published(world)
    content = proposal(world, id)["content"]
    altered(world, id, content=content[:-1])
    assert code_of(approve, world, first, id, digest(content.encode())) == "release.altered"


def test_approvals_written_into_the_store_with_another_digest_do_not_count():
    world = cellmaker()
    first, second = two_approvers(world)
    (id,) = published(world)
    approve(world, first, id, shown(world, id))
    row = proposal(world, id)["approvals"][0]
    altered(world, id, approvals=[{**row, "digest": "sha256:" + "1" * 64}])
    assert not approve(world, second, id, shown(world, id)).released


# ── once, and in time ───────────────────────────────────────────────────────────────────


def test_what_is_decided_is_decided():
    world = cellmaker()
    first, second = two_approvers(world)
    third = account_of(world, "wu", Role.APPROVER)
    (id,) = published(world)
    wanted = shown(world, id)
    approve(world, first, id, wanted)
    approve(world, second, id, wanted)
    for person in (first, second, third):
        assert code_of(approve, world, person, id, wanted) == "approval.already-released"
        assert code_of(refuse, world, person, id, "late") == "approval.already-released"
    assert len(decisions(world)) == 1
    assert code_of(approve, world, third, "urn:uuid:none", wanted) == "approval.unknown"


def test_time_is_up_for_everybody_at_once():
    world = cellmaker()
    first, second = two_approvers(world)
    (id,) = published(world)
    approve(world, first, id, shown(world, id))
    world.clock.advance(days=14, seconds=-1)  # type: ignore[attr-defined]
    assert len(pending(world)) == 1
    world.clock.advance(seconds=1)  # type: ignore[attr-defined]
    assert pending(world) == () and proposal(world, id)["state"] == "lapsed"
    assert code_of(approve, world, second, id, shown(world, id)) == "approval.expired"
    assert all_of(world, p.KIND)[0]["lapse"] == "approval.expired"
    assert all_of(world, "dataset")[0]["awaiting"] == {} and decisions(world) == ()
    assert code_of(approve, world, second, id, shown(world, id)) == "approval.already-lapsed"


def test_the_outbox_ends_what_nobody_decided():
    world = cellmaker(approval_days=2)
    (id,) = published(world)
    with world.store.reading() as view:
        assert [e for e in view.due(world.clock.now()) if e.kind == p.EXPIRY] == []
        due = view.due(world.clock.advance(days=2))  # type: ignore[attr-defined]
    (entry,) = [e for e in due if e.kind == p.EXPIRY]
    lapse_expired(world, entry)
    lapse_expired(world, entry)  # told twice: nothing more happens
    assert all_of(world, p.KIND)[0]["state"] == "lapsed"
    assert proposal(world, id)["lapse"] == "approval.expired"


def test_the_document_behind_it_is_forgotten_once_the_time_is_up():
    world = cellmaker()
    published(world)
    world.clock.advance(days=14, seconds=1)  # type: ignore[attr-defined]
    (new,) = published(world)
    with world.store.reading() as view:
        assert [record.id for record in view.find(p.DOCUMENT)] == [new]


# ── the rules changed since ─────────────────────────────────────────────────────────────


def moved(world: World, **changes: Any) -> World:
    partners = (replace(CARS, **changes), VANS)
    return replace(world, node=replace(world.node, partners=partners))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda w: moved(w, jurisdiction="US"), "approval.rules-changed"),
        (lambda w: replace(w, node=replace(w.node, partners=(VANS,))), "approval.partner-gone"),
        (
            lambda w: replace(w, node=replace(w.node, jurisdiction="XX")),
            "approval.rules-changed",
        ),
    ],
)
def test_other_circumstances_end_the_proposal(change, code):
    world = cellmaker()
    first, second = two_approvers(world)
    (id,) = published(world)
    approve(world, first, id, shown(world, id))
    assert code_of(approve, change(world), second, id, shown(world, id)) == code
    assert all_of(world, p.KIND)[0]["state"] == "lapsed" and decisions(world) == ()
    assert all_of(world, "dataset")[0]["awaiting"] == {}


@pytest.mark.parametrize("counter", [b"not json", b'{"year":2026}', b'{"year":2026,"persons":'
                         b'100000,"sensitive_persons":0}'])  # fmt: skip
def test_counters_that_cannot_be_read_or_are_full_end_the_proposal(counter):
    world = cellmaker()
    first, _ = two_approvers(world)
    (id,) = published(world)
    with world.store.unit_of_work() as work:
        work.put("counter", "2026", counter)
    assert code_of(approve, world, first, id, shown(world, id)) == "approval.rules-changed"


def test_a_stricter_official_list_loaded_in_between_ends_the_proposal():
    world = cellmaker()
    first, second = two_approvers(world)
    (id,) = published(world)
    approve(world, first, id, shown(world, id))
    listed = {**LISTS_CHEMISTRY, "paths": ["/product/name"]}
    annex.load(world, second, annex_toml(listed), "list.toml")
    assert code_of(approve, world, second, id, shown(world, id)) == "approval.rules-changed"
    assert decisions(world) == ()


def test_another_key_of_pseudonyms_ends_the_proposal():
    world = cellmaker()
    first, _ = two_approvers(world)
    (id,) = published(world)
    with world.store.unit_of_work() as work:
        work.put("border-key", "current", canonical_bytes({"key": "k" * 43}))
    assert code_of(approve, world, first, id, shown(world, id)) == "approval.rules-changed"


def test_a_document_altered_or_gone_ends_the_proposal():
    world = cellmaker()
    first, _ = two_approvers(world)
    (id,) = published(world)
    with world.store.unit_of_work() as work:
        other = battery_record() | {"receipt": ""}
        work.put(p.DOCUMENT, id, canonical_bytes(other))
    assert code_of(approve, world, first, id, shown(world, id)) == "approval.document-gone"
