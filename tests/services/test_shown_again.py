"""Who waited for people is judged by what it showed, looked at again when it is answered."""

from pathlib import Path
from typing import Any

import pytest
from tests.dataspace import Dataspace, dataspace

from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.bootstrap import outbox_handlers
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import Refused, Unavailable
from saltbridge.exchange.evaluation import judge_usage
from saltbridge.exchange.explanation import Verdict
from saltbridge.exchange.pcf_exchange import API_10, State
from saltbridge.exchange.policy import PURPOSE_PASSPORT, PURPOSE_PCF, usage_offer
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1
from saltbridge.locales import LANGUAGES, has_text
from saltbridge.ports import HttpAnswer
from saltbridge.services import approval, pcf_answer
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.negotiate import start_negotiation
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.services.unasked_offers import offer_dataset
from saltbridge.steps.explaining import explained
from saltbridge.steps.shown_again import look_again, require_shown
from saltbridge.steps.standing import lost_by, standing_of
from saltbridge.testing.approvals import approve_all, two_approvers
from saltbridge.testing.canaries import battery_record
from saltbridge.testing.issuer_state import revoke
from saltbridge.testing.peers import PCF_DOCUMENT

QUERY = "/presentations/query"
MEMBERSHIP = "MembershipCredential"


@pytest.fixture
def space(tmp_path: Path) -> Dataspace:
    return dataspace(tmp_path / "issuer")


def pump(space: Dataspace) -> None:
    workers = [OutboxWorker(w, outbox_handlers()) for w in (space.consumer, space.provider)]
    for _ in range(30):
        if not sum(worker.run_once() for worker in workers):
            return


def waiting(space: Dataspace) -> str:
    """The pid of a request that waits for two persons of the provider."""
    two_approvers(space.provider)
    publish(
        space.provider,
        PublishRequest(
            document=battery_record(),
            kind="battery-supplier-record",
            purpose=PURPOSE_PASSPORT,
            recipients=[space.to_consumer.bpn],
            person="Export control",
        ),
    )
    (dataset,) = request_catalogue(space.consumer, space.to_provider).datasets
    start_negotiation(space.consumer, space.to_provider, dataset.id, dataset.offers[0])
    pump(space)
    (process,) = space.all(space.provider, "negotiation")
    assert process["state"] == "REQUESTED"
    return str(process["provider_pid"])


def revoke_membership(space: Dataspace) -> None:
    assert revoke(space.issuer.folder, space.consumer.node.did, MEMBERSHIP) == 1


def ended(space: Dataspace, pid: str) -> tuple[str, list[str]]:
    """What the partner is told, and what is kept here of why."""
    (process,) = space.all(space.provider, "negotiation")
    (theirs,) = space.all(space.consumer, "negotiation")
    assert (process["state"], theirs["state"]) == ("TERMINATED", "TERMINATED")
    assert space.all(space.provider, "agreement") == []
    with space.provider.store.reading() as view:
        kept = explained(view, pid)
    assert kept is not None
    codes = [point.code for point in kept.points]
    for code in codes:
        for language in LANGUAGES:
            assert has_text(code, language) and has_text(f"{code}.remedy", language)
    return str(theirs["refusal"]["code"]), codes


def shown_to_provider(space: Dataspace) -> dict[str, Any]:
    (record,) = space.all(space.provider, "held-credentials")
    return record


# ── a request that waited for two persons ────────────────────────────────────────────────


def test_what_still_holds_is_seen_anew_and_agreed_to(space: Dataspace) -> None:
    waiting(space)
    asked = space.said(QUERY)
    space.clock.advance(days=3)
    approve_all(space.provider, approval)
    before = shown_to_provider(space)
    workers = OutboxWorker(space.provider, outbox_handlers())
    workers.run_once()
    assert space.said(QUERY) == asked  # nobody had to show it: it was looked at again
    assert shown_to_provider(space)["checked_at"] > before["checked_at"]
    pump(space)
    (process,) = space.all(space.provider, "negotiation")
    assert process["state"] == "FINALIZED"


def test_what_was_revoked_meanwhile_is_refused_with_the_reason(space: Dataspace) -> None:
    pid = waiting(space)
    revoke_membership(space)
    space.clock.advance(hours=2)
    approve_all(space.provider, approval)
    pump(space)
    told, kept = ended(space, pid)
    assert told == "exchange.show-again"
    assert kept == ["exchange.show-again", "identity.credential-revoked"]


def test_an_issuer_that_is_believed_no_more_ends_what_it_gave(space: Dataspace) -> None:
    pid = waiting(space)
    believed: dict[str, Any] = {**space.provider.settings, "credentials": {}}
    object.__setattr__(space.provider, "settings", believed)
    space.clock.advance(seconds=5)  # within the call's own minute
    approve_all(space.provider, approval)
    pump(space)
    assert ended(space, pid)[1] == ["exchange.show-again", "identity.issuer-untrusted"]


def test_a_status_that_cannot_be_told_is_refused_and_another_look_may_find_it(
    space: Dataspace,
) -> None:
    pid = waiting(space)
    space.clock.advance(hours=2)
    lists = "/status/"
    space.http.before = lambda _, url: HttpAnswer(404, {}, b"") if lists in url else None
    approve_all(space.provider, approval)
    OutboxWorker(space.provider, outbox_handlers()).run_once()
    assert shown_to_provider(space)["fault"]["code"] == "identity.status-unknown"
    space.http.before = lambda method, url: None
    pump(space)
    assert ended(space, pid)[1] == ["exchange.show-again", "identity.status-unknown"]
    assert look_again(space.provider, space.to_consumer) is None


def test_a_footprint_is_answered_only_to_who_still_holds_what_it_showed(
    space: Dataspace, examples: Path
) -> None:
    """A person decides hours after the question; so does the outbox, after the person."""
    assert space.catalogue().status == 200
    provider, bpn = space.provider, space.to_consumer.bpn
    figure = examples / "partners/material-supplier/figures/precursor-2026.json"
    answer = pcf_answer.Answer(document=read_json(figure.read_bytes()), person="Eva")
    for id in ("one", "two"):
        pcf_answer.receive(provider, bpn, id, {"manufacturerPartId": "P-1"}, API_10)
    space.clock.advance(hours=2)
    assert pcf_answer.answer(provider, "one", answer).request.state is State.ANSWERING
    revoke_membership(space)
    space.clock.advance(hours=2)
    with pytest.raises(Refused) as refused:
        pcf_answer.answer(provider, "two", answer)
    codes = [f.code for f in refused.value.findings]
    assert codes == ["exchange.show-again", "identity.credential-revoked"]
    OutboxWorker(provider, outbox_handlers()).run_once()
    put = pcf_answer.one_request(provider, "one")
    assert (put.state, put.text) == (State.FAILED, "identity.credential-revoked")


@pytest.mark.parametrize("found", ["nothing", "unchecked"])
def test_nothing_is_vouched_for_where_credentials_are_asked_for(
    space: Dataspace, found: str
) -> None:
    """Whatever is missing of what was shown, it is not taken for shown."""
    pid = waiting(space)
    space.clock.advance(hours=2)
    with space.provider.store.unit_of_work() as work:
        if found == "nothing":
            work.forget("held-credentials", space.clock.now())
    with space.provider.store.reading() as view:
        theirs = standing_of(space.provider, view, space.to_consumer)
        lost = lost_by(space.provider, view, space.to_consumer)
    assert (theirs.member, theirs.frameworks) == (False, frozenset())
    judged = judge_usage(usage_offer("o", PURPOSE_PCF), theirs, space.clock.now())
    verdicts = {p.arguments["operand"]: p.verdict for p in judged.points}
    assert verdicts["Membership"] is verdicts["FrameworkAgreement"] is Verdict.FAILED
    assert lost is not None
    if found == "unchecked":
        assert lost.code == "identity.shown-too-old"
        return
    assert lost.code == "identity.not-shown"
    with pytest.raises(Refused) as refused:
        require_shown(space.provider, space.to_consumer)
    assert [f.code for f in refused.value.findings] == [
        "exchange.show-again",
        "identity.not-shown",
    ]
    approve_all(space.provider, approval)
    OutboxWorker(space.provider, outbox_handlers()).run_once()
    (process,) = space.all(space.provider, "negotiation")
    assert process["refusal"]["code"] == "exchange.show-again"
    assert pid == process["provider_pid"]


def test_nothing_is_offered_unasked_to_who_has_shown_nothing(space: Dataspace) -> None:
    published = publish(
        space.provider,
        PublishRequest(
            document=PCF_DOCUMENT,
            kind="pcf",
            recipients=[space.to_consumer.bpn],
            person="Export control",
        ),
    )
    id = str(published.dataset_id)
    with pytest.raises(Refused) as refused:
        offer_dataset(space.provider, space.to_consumer, id)
    assert [f.code for f in refused.value.findings] == ["identity.not-shown"]
    assert space.catalogue().status == 200  # it calls, and shows what it holds
    space.clock.advance(hours=2)
    assert offer_dataset(space.provider, space.to_consumer, id).offer.target == id


# ── a push that waited ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("revoked", [False, True])
def test_a_push_that_waited_leaves_only_for_who_still_may_have_it(
    space: Dataspace, monkeypatch: pytest.MonkeyPatch, revoked: bool
) -> None:
    publish(
        space.provider,
        PublishRequest(
            document=PCF_DOCUMENT,
            kind="pcf",
            recipients=[space.to_consumer.bpn],
            person="Export control",
        ),
    )
    (dataset,) = request_catalogue(space.consumer, space.to_provider).datasets
    real, pushed, lost = space.http.send, list[str](), [True]

    def send(method: str, url: str, **rest: Any) -> HttpAnswer:
        if "/pushed/" in url:
            pushed.append(url)
            if lost:
                raise Unavailable.of("http.unreachable", url=url, reason="lost")
        return real(method, url, **rest)

    monkeypatch.setattr(space.http, "send", send)
    start_negotiation(
        space.consumer,
        space.to_provider,
        dataset.id,
        dataset.offers[0],
        transfer_wanted=True,
        transfer_format=DSP_2025_1.push_format,
        dataset_kind="pcf",
    )
    pump(space)
    (transfer,) = space.all(space.provider, "transfer")
    assert transfer["state"] == "STARTED" and pushed
    if revoked:
        revoke_membership(space)
    lost.clear()
    pushed.clear()
    space.clock.advance(hours=12)
    pump(space)
    (transfer,) = space.all(space.provider, "transfer")
    (theirs,) = space.all(space.consumer, "transfer")
    assert transfer["state"] == theirs["state"] == ("TERMINATED" if revoked else "COMPLETED")
    assert bool(pushed) is not revoked
    assert theirs["refusal"]["code"] == ("exchange.show-again" if revoked else "")
