"""Refusing what waits: a reason, kept and told; and nothing half-done when a write fails."""

from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from saltbridge.accounts.model import Person, Role
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import World
from saltbridge.services.approval import (
    MAX_REASON,
    approve,
    proposal,
    refuse,
)
from saltbridge.services.border_records import decisions
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.steps.approvers import present_person
from saltbridge.testing.approvals import account_of, two_approvers
from saltbridge.testing.builders import memory_world, node_profile, partner_of
from saltbridge.testing.canaries import battery_record

CARS = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))
VANS = partner_of(node_profile("vanmaker", jurisdiction="EU", port=8104))

LI = Person("urn:person:li.wei", "Li Wei (li.wei)", frozenset({Role.OPERATOR}))


def cellmaker(**settings: object) -> World:
    world = memory_world(node_profile("cellmaker", partners=(CARS, VANS)), settings=settings)
    return world


def published(world: World, *recipients: str, **changes: Any) -> tuple[str, ...]:
    """Ids of the proposals of a publication."""
    request = PublishRequest(
        **{
            "document": battery_record(),
            "kind": "battery-supplier-record",
            "recipients": recipients or (CARS.bpn,),
            "proposer": LI,
            **changes,
        }
    )
    return tuple(str(one["id"]) for one in publish(world, request).proposals)


def code_of(call: Any, *arguments: Any) -> str:
    with pytest.raises((Refused, FaultyInput)) as refusal:
        call(*arguments)
    (found,) = refusal.value.findings
    return found.code


def all_of(world: World, kind: str) -> list[Any]:
    with world.store.reading() as view:
        return [read_json(record.body) for record in view.find(kind)]


def leaves(world: World) -> int:
    with world.store.reading() as view:
        return view.log_size()


def shown(world: World, id: str) -> str:
    return str(proposal(world, id)["digest"])


# ── refusing ────────────────────────────────────────────────────────────────────────────


def test_one_person_refuses_with_a_reason_that_is_kept():
    world = cellmaker()
    first, second = two_approvers(world)
    (id,) = published(world)
    approve(world, first, id, shown(world, id))
    outcome = refuse(world, second, id, "  The totals are\nnot final.  ")
    assert outcome.proposal["refusal"]["reason"] == "The totals are not final."
    (record,) = decisions(world)
    assert record["verdict"] == "refused" and record["digest"] is None
    assert record["refused_by"]["person_id"] == second.id
    (dataset,) = all_of(world, "dataset")
    assert dataset["refused"] == {CARS.bpn: "The totals are not final."}
    assert dataset["releases"] == {} and dataset["awaiting"] == {}
    assert code_of(approve, world, second, id, shown(world, id)) == "approval.already-refused"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("", "approval.reason-missing"),
        (" \n ", "approval.reason-missing"),
        ("a\x00b", "approval.reason-missing"),
        ("a\u202eb", "approval.reason-missing"),
        ("x" * (MAX_REASON + 1), "approval.reason-too-long"),
    ],
)
def test_a_refusal_says_why_in_a_line_that_a_partner_can_read(reason, code):
    world = cellmaker()
    first, _ = two_approvers(world)
    (id,) = published(world)
    assert code_of(refuse, world, first, id, reason) == code
    assert proposal(world, id)["state"] == "pending"


def test_a_failing_write_leaves_nothing_half_approved():
    world = cellmaker()
    first, second = two_approvers(world)
    (id,) = published(world)
    approve(world, first, id, shown(world, id))
    for event in ("border.decided", "dataset.changed", "release.approved"):
        broken = replace(world, store=_FailsAt(world.store, event))
        with pytest.raises(OSError, match="disk full"):
            approve(broken, second, id, shown(world, id))
        assert len(proposal(world, id)["approvals"]) == 1 and decisions(world) == ()
        assert all_of(world, "dataset")[0]["releases"] == {}
    assert approve(world, second, id, shown(world, id)).released


class _FailsAt:
    def __init__(self, store: Any, event: str) -> None:
        self._store, self._event = store, event

    def reading(self) -> Any:
        return self._store.reading()

    def unit_of_work(self) -> Any:
        @contextmanager
        def block() -> Any:
            with self._store.unit_of_work() as work:
                append = work.append_leaf

                def fail(event: str, subject: str, body: bytes) -> int:
                    if event == self._event:
                        raise OSError("disk full")
                    return int(append(event, subject, body))

                work.append_leaf = fail
                yield work

        return block()


def test_a_locked_or_unknown_account_is_nobody():
    world = cellmaker()
    account_of(world, "wu", Role.APPROVER, state="locked")
    with world.store.reading() as view:
        assert present_person(view, "urn:person:wu") is None
        assert present_person(view, "urn:person:none") is None
