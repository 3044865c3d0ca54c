"""The signed statement beside every release: decided and released like everything else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from saltbridge.border.decide import Decision, decide
from saltbridge.border.export_statement import statement_of
from saltbridge.border.release import Release
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import Refused
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document
from saltbridge.steps.release import keep_decision, kept_release, released_claim
from saltbridge.steps.rules import rule_book
from saltbridge.trust.claims import ExportStatement
from saltbridge.trust.did import iso

KIND: Final = "export-statement"


def keep_statement(
    world: World,
    work: UnitOfWork,
    decision: Decision,
    record: Mapping[str, Any],
    releases: Sequence[Release],
    now: datetime,
) -> Release:
    """Sign, decide, release and store the statement about what a decision let go.

    In the unit of work of the release it is about: no bytes leave without one. ``record`` is
    the stored decision record, ``releases`` everything released under it.

    Raises:
        Refused: the border room withholds a part of it; then the release itself must not be.
    """
    content = statement_of(record, releases)
    context = replace(decision.context, decision_id=world.identifiers.urn_uuid(), approvals=())
    book = rule_book(work)
    about = decide(content, context, book.catalogue(content["kind"], context), book.packs)
    if about.stays or about.minimised:
        rules = ", ".join(sorted({f.rule for f in (*about.stays, *about.minimised)}))
        raise Refused.of("statement.withheld", decision=str(record["id"]), rules=rules)
    _, released = released_claim(world, work, about, ExportStatement, now)
    keep_decision(work, about, released)
    work.put_release(released)
    kept = {
        "decision_id": record["id"],
        "statement_decision_id": context.decision_id,
        "digest": released.digest,
        "media_type": released.media_type,
        "made_at": iso(now),
    }
    work.put(KIND, str(record["id"]), canonical_bytes(kept), expected_version=0)
    return released


def kept_statement(view: UnitOfWork, decision_id: str, audience: str) -> Release | None:
    """The statement about a decision's release, if it is for this very audience."""
    kept = document(view, KIND, decision_id)
    if kept is None:
        return None
    return kept_release(view, kept["digest"], kept["statement_decision_id"], audience)
