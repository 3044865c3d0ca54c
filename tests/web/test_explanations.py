"""Every exchange that fails says why on both sides, in words, and tells the peer no secrets."""

from copy import deepcopy
from dataclasses import replace

import pytest

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.exchange import messages as m
from saltbridge.exchange.explanation import Verdict
from saltbridge.exchange.model import Offer, Role
from saltbridge.exchange.offering import term
from saltbridge.exchange.standing import Standing
from saltbridge.formats.dsp import render_message
from saltbridge.locales import LANGUAGES
from saltbridge.ports import MAX_ATTEMPTS, HttpAnswer
from saltbridge.reports.policy_words import point_lines
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.exchange_state import processes, progress
from saltbridge.services.negotiate import fitting_offer, start_negotiation, terminate
from saltbridge.services.unasked_offers import accept_offer, offer_dataset
from saltbridge.steps import judging


def _theirs(pair):
    """The provider's view of the only negotiation."""
    (one,) = [p for p in processes(pair.provider) if p.kind == "negotiation"]
    return progress(pair.provider, one.pid)


def _failed(now):
    return [p for p in now.explanation if p.verdict is Verdict.FAILED]


def _in_words(now):
    lines = {
        language: point_lines(_failed(now), Role(now.role), now.partner, language)
        for language in LANGUAGES
    }
    assert all(lines.values())
    assert len({tuple(told) for told in lines.values()}) == len(LANGUAGES)
    return "\n".join(lines["en"])


def test_both_sides_of_an_altered_offer_know_why(a_pair):
    pair = a_pair()
    (dataset,) = request_catalogue(pair.consumer, pair.to_provider).datasets
    altered = deepcopy(dict(dataset.offers[0].policy))
    del altered["prohibition"]
    begun = start_negotiation(
        pair.consumer, pair.to_provider, dataset.id, Offer(altered["@id"], altered)
    )
    pair.pump()
    ours, theirs = progress(pair.consumer, begun.pid), _theirs(pair)
    assert (ours.by, theirs.by) == ("partner", "us")
    assert [p.code for p in _failed(theirs)] == ["exchange.offer-altered"]
    assert [p.code for p in _failed(ours)] == ["exchange.ended-by-partner"]
    words = _in_words(ours)
    assert "exactly as it stands in the catalogue" in words  # the remedy of the partner's code
    assert "To be changed by us." in words
    assert "To be changed by cellmaker" in _in_words(theirs)
    assert processes(pair.provider, failed=True)
    assert processes(pair.consumer, failed=True)[0].refusal_code == "exchange.offer-altered"


def test_a_missing_credential_is_explained_here_and_only_named_there(a_pair, monkeypatch):
    pair = a_pair()
    bare = Standing(pair.to_consumer.bpn, member=False, frameworks=frozenset({"Secret:7.0"}))
    monkeypatch.setattr(judging, "standing_of", lambda world, view, partner: bare)
    begun = pair.ask()
    pair.pump()
    theirs = _theirs(pair)
    assert [p.code for p in _failed(theirs)] == [
        "policy.membership-missing",
        "policy.framework-missing",
    ]
    assert {p.verdict for p in theirs.explanation} >= {Verdict.CONTRACTUAL}
    assert "To be changed by cellmaker" in _in_words(theirs)
    ours = progress(pair.consumer, begun.pid)
    assert ours.refusal_code == "policy.not-met"
    assert "Membership, FrameworkAgreement" in ours.refusal_reason[0]
    said = canonical_bytes([body for _, body in pair.http.said])
    assert b"Secret:7.0" not in said


def test_an_offer_that_does_not_fit_is_refused_before_anything_is_sent(a_pair):
    pair = a_pair()
    (dataset,) = request_catalogue(pair.consumer, pair.to_provider).datasets
    other = deepcopy(dict(dataset.offers[0].policy))
    terms = other["permission"][0]["constraint"][0]["and"]
    terms[2]["rightOperand"] = ["cx.quality.base:1"]
    terms.append(term("DataUsageEndDate", "eq", "2020-01-01T00:00:00Z"))
    wrong = replace(dataset.offers[0], policy=other)
    with pytest.raises(Refused) as refused:
        fitting_offer(pair.consumer, [wrong])
    assert [f.code for f in refused.value.findings] == [
        "exchange.purpose-not-ours",
        "policy.end-passed",
    ]
    assert fitting_offer(pair.consumer, [wrong, dataset.offers[0]]) == dataset.offers[0]
    assert pair.all(pair.consumer, "negotiation") == []


def test_a_purpose_of_the_settings_is_ours(a_pair):
    pair = a_pair()
    (dataset,) = request_catalogue(pair.consumer, pair.to_provider).datasets
    other = deepcopy(dict(dataset.offers[0].policy))
    other["permission"][0]["constraint"][0]["and"][2]["rightOperand"] = ["cx.quality.base:1"]
    offers = [replace(dataset.offers[0], policy=other)]
    with pytest.raises(Refused):
        fitting_offer(pair.consumer, offers)
    world = replace(pair.consumer, settings={"policies": {"purposes": ["cx.quality.base:1"]}})
    assert fitting_offer(world, offers)


JUPITER = "https://w3id.org/catenax/policy/"


def test_an_offer_in_the_names_of_jupiter_is_judged_and_echoed_as_it_is(a_pair):
    """Its names are another release's: read for judging, and sent back letter by letter."""
    pair = a_pair()
    old = [
        {"leftOperand": f"{JUPITER}{name}", "operator": "eq", "rightOperand": value}
        for name, value in (
            ("FrameworkAgreement", "DataExchangeGovernance:1.0"),
            ("UsagePurpose", "cx.pcf.base:1"),
        )
    ]
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        record["offer"] = {
            "@id": record["offer"]["@id"],
            "@type": "Offer",
            "profile": f"{JUPITER}profile2405",
            "permission": [{"action": "use", "constraint": [{"and": old}]}],
        }
        work.put("dataset", pair.dataset_id, canonical_bytes(record))
    begun = pair.ask()
    pair.pump()
    assert progress(pair.consumer, begun.pid).verified
    sent = next(
        body for where, body in pair.http.said if where.endswith("negotiations/request")
    )
    assert sent["offer"] == {**record["offer"], "target": pair.dataset_id}
    for world in (pair.provider, pair.consumer):
        kept = pair.the(world, "agreement")["policy"]
        assert kept["permission"] == record["offer"]["permission"]


def test_a_message_that_was_given_up_is_explained(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pair.http.before = lambda *_: HttpAnswer(503, {}, b"")
    with pair.consumer.store.unit_of_work() as work:
        (entry,) = work.due(pair.clock.now())
        work.done(entry.id)
        work.enqueue(replace(entry, attempts=MAX_ATTEMPTS - 1))
    pair.workers["cellmaker"].run_once()
    now = progress(pair.consumer, begun.pid)
    assert [p.code for p in _failed(now)] == ["exchange.given-up"]
    assert "node outbox" in _in_words(now)


def test_without_a_release_the_provider_has_to_act(a_pair):
    pair = a_pair()
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        work.put("dataset", pair.dataset_id, canonical_bytes({**record, "releases": {}}))
    pair.ask()
    pair.pump()
    (point,) = _failed(_theirs(pair))
    assert (point.code, point.who) == ("exchange.nothing-released", Role.PROVIDER)
    assert "To be changed by us." in _in_words(_theirs(pair))


def test_a_transfer_after_the_end_is_ended_by_the_provider_too(a_pair):
    pair = a_pair()
    pair.ask()
    pair.pump()
    agreement = pair.the(pair.provider, "agreement")["id"]
    pair.clock.advance(days=366)
    request = m.TransferRequest(
        "urn:uuid:22222222-2222-4222-8222-222222222222",
        agreement,
        "HttpData-PULL",
        "http://127.0.0.1:8202/2025-1/callback",
    )
    answer = pair.call("POST", "/2025-1/transfers/request", render_message(request))
    assert answer.status == 201
    pid = read_json(answer.content)["providerPid"]
    now = progress(pair.provider, pid)
    assert [p.code for p in _failed(now)] == ["exchange.agreement-over"]
    assert "To be changed by cellmaker" in _in_words(now)


def test_a_delivery_that_fails_its_checks_names_them_all(a_pair):
    pair = a_pair()
    begun = pair.ask()
    real = pair.http.send

    def altering(method, url, **rest):
        answer = real(method, url, **rest)
        if "/data/" in url and url.endswith(tuple("0123456789")):
            return replace(answer, content=answer.content + b" ")
        return answer

    pair.http.send = altering
    pair.pump()
    now = progress(pair.consumer, begun.pid)
    assert now.by == "us"
    assert "delivery.digest-differs" in [p.code for p in _failed(now)]
    assert "To be changed by supplier" in _in_words(now)


def test_what_a_person_ends_is_said_on_both_sides(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pair.pump(only="cellmaker")
    (theirs,) = [p for p in processes(pair.provider) if p.kind == "negotiation"]
    with pair.provider.store.reading() as view:
        assert view.get("explanation", theirs.pid) is None
    terminate(pair.consumer, begun.pid, "exchange.refused-by-approver")
    pair.pump(only="cellmaker")
    pair.pump()
    assert progress(pair.consumer, begun.pid).by == "us"
    assert _theirs(pair).by == "partner"


def test_an_offer_nobody_asked_for_is_agreed_only_to_whom_it_fits(a_pair, monkeypatch):
    pair = a_pair()
    ours = offer_dataset(pair.provider, pair.to_consumer, pair.dataset_id)
    pair.pump()
    (theirs,) = processes(pair.consumer)
    bare = Standing(pair.to_consumer.bpn, member=False, frameworks=frozenset())
    monkeypatch.setattr(judging, "standing_of", lambda world, view, partner: bare)
    accept_offer(pair.consumer, theirs.pid)
    pair.pump()
    now = progress(pair.provider, ours.pid)
    assert now.negotiation == "TERMINATED"
    assert "policy.membership-missing" in [p.code for p in _failed(now)]
    assert pair.all(pair.provider, "agreement") == []
