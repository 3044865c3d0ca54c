"""Refusing what waits: a reason, kept and told; and nothing half-done when a write fails."""

from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.services.proposing import (
    CARS,
    all_of,
    cellmaker,
    code_of,
    published,
    shown,
)

from saltbridge.accounts.model import Role
from saltbridge.services.approval import (
    MAX_REASON,
    approve,
    proposal,
    refuse,
)
from saltbridge.services.border_records import decisions
from saltbridge.steps.approvers import present_person
from saltbridge.testing.approvals import account_of, two_approvers

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
