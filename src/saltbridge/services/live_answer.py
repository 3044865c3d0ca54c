"""Answer a partner from a system of the company: asked now, decided field by field, released.

Whoever asks sets off a query, so three things have to allow it: the operator's offer, the rule
packs (``live`` rules), and the decision about every field of what came back. What leaves is a
``Release`` with its decision, manifest, statement and leaf, like everything else; the leaf is
in the log before the first byte leaves. Nothing of the system's own answer goes on: no header,
no status, no byte that was not decided about.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from saltbridge.border.context import Context, Terms
from saltbridge.border.manifest import counters_after
from saltbridge.border.release import Release
from saltbridge.border.rules import governing
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.exchange.model import Refusal, Transfer
from saltbridge.exchange.upstream import upstream_of
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.border_key import border_key
from saltbridge.steps.data_tokens import OpenedTransfer, still_open
from saltbridge.steps.dataset_kinds import CLAIMS
from saltbridge.steps.deciding import decided, keep_counters
from saltbridge.steps.live_border import live_context, ruled
from saltbridge.steps.live_form import has_form
from saltbridge.steps.records import document
from saltbridge.steps.release import keep_decision, kept_release, released_claim
from saltbridge.steps.rules import rule_book
from saltbridge.steps.scenario_mark import refuse_scenario
from saltbridge.steps.statement import keep_statement, kept_statement
from saltbridge.trust.claims import SupplierRecord
from saltbridge.trust.did import from_iso, iso

LIMIT_BYTES: Final = 1_000_000
SECONDS: Final = 10.0
ANSWERED: Final = "live-answer"
_KNOWN: Final = "live-release"  # what an answer of the system became for this partner
NOT_ALLOWED: Final = "live.not-allowed"
NOTHING: Final = "live.nothing"
SHUT: Final = "http.token-refused"  # as before the question: paused, ended or run out


def answer_live(
    world: World, opened: OpenedTransfer, path: str, query: Sequence[tuple[str, str]]
) -> Release | Refusal:
    """The released answer to a question, or why there is none.

    Raises:
        Unavailable: the system cannot be reached, or its answer is none we can decide about.
        FaultyInput: it answered a footprint that says it is a what-if.
    """
    live: Mapping[str, Any] = opened.dataset["live"]
    partner = world.node.partner(opened.reader)
    address = upstream_of(live).address(path, query)
    if isinstance(address, Refusal):
        return address
    if partner is None or world.upstream is None:
        return Refusal(NOT_ALLOWED, {"recipient": opened.reader, "rule": "–"})
    with world.store.reading() as view:
        ruling = ruled(view, live_context(world, partner, _terms(opened), live["person"], view))
    if not ruling.allowed:
        return Refusal(NOT_ALLOWED, {"recipient": partner.name, "rule": ruling.rule})
    came = _asked(world, address, live["kind"])
    if came is None:
        return Refusal(NOTHING)
    with world.store.unit_of_work() as work:
        now_open = still_open(world, work, opened)  # the system took its time
        if now_open is None:
            return Refusal(SHUT)
        released = _released(world, work, now_open, came)
        if isinstance(released, Release):
            asked = {"path": path, "parameters": [name for name, _ in query]}
            _log(world, work, now_open.transfer, released, asked)
    return released


def live_statement(world: World, opened: OpenedTransfer, decision_id: str) -> Release | None:
    """The export statement about an answer of this offer to this partner, or None."""
    with world.store.reading() as view:
        decision = document(view, "decision", decision_id)
        if decision is None or decision["offer"] != opened.dataset["offer"]["@id"]:
            return None
        return kept_statement(view, decision_id, opened.reader)


def _terms(opened: OpenedTransfer) -> Terms:
    dataset = opened.dataset
    return Terms(
        dataset["offer"]["@id"],
        "offer",
        tuple(dataset["access"]),
        (dataset["live"]["purpose"],),
        from_iso(dataset["created_at"]),
    )


def _asked(world: World, address: str, kind: str) -> Mapping[str, Any] | None:
    """The document the system answers; None where it has none."""
    if world.upstream is None:
        raise RuntimeError("looked at before")
    answer = world.upstream.ask(address, limit_bytes=LIMIT_BYTES, timeout_seconds=SECONDS)
    if answer.status == 404:
        return None
    typed = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status != 200 or typed != "application/json":
        raise Unavailable.of("live.no-document", status=answer.status, found=typed[:80] or "–")
    try:
        found: Mapping[str, Any] = read_json(answer.content)
    except FaultyInput as fault:
        raise Unavailable.of("live.no-document", status=200, found="–") from fault
    if not has_form(found, kind):
        raise Unavailable.of("live.no-document", status=200, found="–")
    refuse_scenario(found, kind)
    return found


def _released(
    world: World,
    work: UnitOfWork,
    opened: OpenedTransfer,
    came: Mapping[str, Any],
) -> Release | Refusal:
    """The document as it was decided about; the same one again under the decision it had."""
    live, now = opened.dataset["live"], world.clock.now()
    partner = world.node.partner(opened.reader)
    if partner is None:
        return Refusal(NOT_ALLOWED, {"recipient": opened.reader, "rule": "–"})
    key = digest(canonical_bytes([opened.dataset["id"], partner.bpn, came]))
    before = document(work, _KNOWN, key)
    context = live_context(world, partner, _terms(opened), live["person"], work)
    ruling = ruled(work, context)
    if not ruling.allowed:
        return Refusal(NOT_ALLOWED, {"recipient": partner.name, "rule": ruling.rule})
    rules = _rules_now(work, context, live["kind"])
    if before is not None and before["rules"] == rules:
        kept = kept_release(work, before["digest"], before["decision_id"], partner.bpn)
        if kept is not None:
            return kept
    decision = decided(work, came, live["kind"], context, border_key(world, work))
    if decision.withholds_all_but_public:
        keep_decision(work, decision, None)
        rule = next((field.rule for field in decision.stays), "–")
        return Refusal(NOT_ALLOWED, {"recipient": partner.name, "rule": rule})
    claim_class = CLAIMS.get(live["kind"], SupplierRecord)
    _, released = released_claim(world, work, decision, claim_class, now)
    record, _ = keep_decision(work, decision, released)
    keep_statement(world, work, decision, record, [released], now)
    keep_counters(work, counters_after(decision))
    named = {
        "digest": work.put_release(released),
        "decision_id": released.decision_id,
        "rules": rules,
    }
    work.put(_KNOWN, key, canonical_bytes(named))
    return released


def _rules_now(view: UnitOfWork, context: Context, kind: str) -> str:
    """Digest of every rule that a decision looks at now; with others it is taken anew."""
    book = rule_book(view)
    packs = [
        (p.id, p.edition, p.digest, p.annex_digest) for p in governing(book.packs, context)
    ]
    catalogue = book.catalogue(kind, context)
    rest = [catalogue.edition, catalogue.digest, repr(book.annexes), repr(book.house_rows)]
    return digest(canonical_bytes([*map(list, packs), *rest]))


def _log(
    world: World,
    work: UnitOfWork,
    transfer: Transfer,
    released: Release,
    asked: Mapping[str, Any],
) -> None:
    """Before it leaves: who asked, which bytes. The values of a question are not kept."""
    id = world.identifiers.urn_uuid()
    body = canonical_bytes(
        {
            "id": id,
            "at": iso(world.clock.now()),
            "transfer_id": transfer.pid,
            "agreement_id": transfer.agreement_id,
            "partner": transfer.counterparty,
            **asked,
            "digest": released.digest,
            "size": len(released.content),
            "decision_id": released.decision_id,
        }
    )
    work.put(ANSWERED, id, body, expected_version=0)
    work.append_leaf("live.answered", id, body)
