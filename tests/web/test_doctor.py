"""The doctor finds each kind of broken partner, says whose move it is, and stops at none."""

import json
import ssl
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from tests.dataspace import become_member, dataspace
from tests.tls_server import tls_server

from saltbridge.adapters.http import SafeHttpClient
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Unavailable
from saltbridge.exchange.checkup import PARTNER, US, State
from saltbridge.exchange.explanation import Verdict
from saltbridge.exchange.offering import term
from saltbridge.locales import LANGUAGES
from saltbridge.ports import MAX_ATTEMPTS, HttpAnswer
from saltbridge.reports.policy_words import point_lines
from saltbridge.services.catalogue import request_catalogue
from saltbridge.services.doctor import examine
from saltbridge.testing.certificates import authority, server_files
from saltbridge.testing.issuer_state import revoke

VERSIONS = "/.well-known/dspace-version"


def _dated(pair, **apart):
    """The partner's answers carry a time, as those of a web server do."""
    real = pair.http.send

    def send(method, url, **rest):
        answer = real(method, url, **rest)
        told = format_datetime(pair.clock.now() + timedelta(**apart), usegmt=True)
        return replace(answer, headers={**answer.headers, "date": told})

    pair.http.send = send


def _instead(pair, path, answer):
    url = f"{pair.provider.node.base_url}{path}"
    pair.http.before = lambda method, asked: answer if asked == url else None


def _found(pair, *, world=None, served=True):
    """Failing codes by check, with who has to change it; every failure has words."""
    checkup = examine(world or pair.consumer, pair.to_provider, served=served)
    failed = {}
    for check in checkup.checks:
        points = [p for p in check.points if p.verdict is Verdict.FAILED]
        assert bool(points) is (check.state is State.FAILED)
        if points:
            failed.setdefault(check.name, []).extend((p.code, p.who) for p in points)
        for language in LANGUAGES:
            for line in point_lines(check.points, US, "the partner", language):
                assert not line.startswith(("✗ doctor.", "· doctor.")), line
    assert checkup.ok is (not failed)
    return failed


def _unknown(pair):
    checkup = examine(pair.consumer, pair.to_provider, served=True)
    return [check.name for check in checkup.checks if check.state is State.UNKNOWN]


def _with_partner(pair, **changes):
    partner = replace(pair.to_provider, **changes)
    node = replace(pair.consumer.node, partners=(partner,))
    object.__setattr__(pair.consumer, "node", node)


def test_a_partner_in_order_passes_every_check(a_pair):
    pair = a_pair()
    _dated(pair)
    assert _found(pair) == {}
    assert _unknown(pair) == []
    assert pair.all(pair.provider, "negotiation") == []


def test_a_closed_port_is_told_and_the_rest_is_still_looked_at(a_pair):
    pair = a_pair()
    del pair.http.applications[pair.provider.node.base_url]
    pair.consumer.did_resolver.documents.pop(pair.provider.node.did)
    assert _found(pair, served=False) == {
        "reach": [("http.unreachable", PARTNER)],
        "identity": [("trust.did-unresolved", PARTNER)],
        "callback": [("doctor.not-served", US)],
    }
    assert _unknown(pair) == [
        *("clock", "versions", "services", "sign-in", "catalogue", "offers")
    ]


def test_a_clock_an_hour_off_is_told_with_both_times(a_pair):
    for hours, code in ((1, "doctor.clock-ahead"), (-1, "doctor.clock-behind")):
        pair = a_pair()
        _dated(pair, hours=hours)
        assert _found(pair) == {"clock": [(code, None)]}
    pair = a_pair()
    _dated(pair, seconds=40)
    assert _found(pair) == {}


@pytest.mark.parametrize(
    ("versions", "code", "who"),
    [
        ([("v0.8", "/")], "doctor.version-missing", PARTNER),
        ([("2025-1", "/api/dsp"), ("v0.8", "/")], "doctor.version-elsewhere", US),
    ],
)
@pytest.mark.full("two nodes for every test")
def test_a_wrong_version_is_told_with_what_is_offered(a_pair, versions, code, who):
    pair = a_pair()
    document = {
        "protocolVersions": [
            {"version": version, "path": path, "binding": "HTTPS"} for version, path in versions
        ]
    }
    _instead(pair, VERSIONS, HttpAnswer(200, {}, canonical_bytes(document)))
    assert _found(pair) == {"versions": [(code, who)]}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (HttpAnswer(404, {}, b""), "doctor.versions-absent"),
        (HttpAnswer(200, {}, b"<html>"), "json.syntax"),
        (HttpAnswer(200, {}, b"{}"), "dsp.schema"),
    ],
)
@pytest.mark.full("two nodes for every test")
def test_something_else_at_the_address_is_told(a_pair, answer, code):
    pair = a_pair()
    _instead(pair, VERSIONS, answer)
    assert _found(pair) == {"versions": [(code, PARTNER)]}


def test_a_wrong_did_is_told_by_document_and_catalogue(a_pair):
    pair = a_pair()
    documents = pair.consumer.did_resolver.documents
    wrong = "did:web:other.example"
    documents[wrong] = {**documents[pair.provider.node.did]}
    _with_partner(pair, did=wrong)
    found = _found(pair)
    assert found["identity"] == [("doctor.did-differs", None)]
    # Our token names another company.
    assert found["catalogue"][0][0] == "doctor.not-let-in-because"


@pytest.mark.full("two nodes for every test")
def test_keys_that_ended_and_services_that_are_missing_are_told(a_pair):
    pair = a_pair()
    documents = pair.consumer.did_resolver.documents
    document = deepcopy(dict(documents[pair.provider.node.did]))
    for method in document["verificationMethod"]:
        method["expires"] = "2020-01-01T00:00:00Z"
    document["service"] = []
    documents[pair.provider.node.did] = document
    found = _found(pair)
    assert found["identity"] == [("doctor.no-key", PARTNER)] * 2
    assert found["services"] == [("doctor.no-service", PARTNER)]


def test_an_offer_that_does_not_fit_is_told_with_its_term(a_pair):
    pair = a_pair()
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        terms = record["offer"]["permission"][0]["constraint"][0]["and"]
        terms[2]["rightOperand"] = ["cx.quality.base:1"]
        terms.append(term("DataUsageEndDurationDays", "eq", "0"))
        work.put("dataset", pair.dataset_id, canonical_bytes(record))
    assert _found(pair) == {
        "offer": [("exchange.purpose-not-ours", PARTNER), ("policy.end-passed", PARTNER)]
    }


@pytest.mark.full("two nodes for every test")
def test_a_dataset_that_cannot_be_read_hides_no_other(a_pair):
    """A number where the protocol wants a text, as CX-0152 1.1.0 has it for days."""
    pair = a_pair()
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        other = deepcopy(record)
        terms = other["offer"]["permission"][0]["constraint"][0]["and"]
        terms.append(term("DataUsageEndDurationDays", "eq", 30))
        id = "urn:uuid:33333333-3333-4333-8333-333333333333"
        work.put("dataset", id, canonical_bytes({**other, "id": id}))
    assert _found(pair) == {"catalogue": [("doctor.dataset-unreadable", PARTNER)]}
    (offer,) = [c for c in examine(pair.consumer, pair.to_provider, served=True).checks
                if c.name == "offer"]  # fmt: skip
    assert offer.state is State.OK
    (dataset,) = request_catalogue(pair.consumer, pair.to_provider).datasets
    assert dataset.id == pair.dataset_id


def test_a_token_for_another_company_is_told_on_both_sides(a_pair):
    """We entered a DID that is not the partner's: our tokens are made for somebody else."""
    pair = a_pair()
    documents, did = pair.consumer.did_resolver.documents, pair.provider.node.did
    former = "did:web:former.example"
    documents[former] = json.loads(json.dumps(documents[did]).replace(did, former))
    _with_partner(pair, did=former)
    found = _found(pair)
    assert found["identity"] == [("doctor.other-company", US)]
    assert found["catalogue"] == [("doctor.not-let-in-because", None)]
    there = examine(pair.provider, pair.to_consumer, served=True)
    (calls,) = [check for check in there.checks if check.name == "calls"]
    told = point_lines(calls.points, US, "Cell maker", "en")
    assert "The sign-in token is meant for did:web:former.example" in told[1]
    assert told[2].endswith("To be changed by Cell maker.")


def test_a_document_of_ours_that_others_read_without_our_key_is_told(a_pair):
    pair = a_pair()
    documents, did = pair.consumer.did_resolver.documents, pair.consumer.node.did
    documents[did] = {**documents[did], "verificationMethod": []}
    assert _found(pair)["own-identity"] == [("doctor.own-key-missing", US)]


@pytest.mark.full("two nodes for every test")
def test_nothing_on_offer_is_told(a_pair):
    assert _found(a_pair(access=False)) == {"offers": [("doctor.shown-nothing", PARTNER)]}


@pytest.mark.full("two nodes for every test")
def test_a_partner_that_does_not_know_us_is_told(a_pair):
    pair = a_pair()
    node = replace(pair.provider.node, partners=pair.provider.node.partners[1:])
    object.__setattr__(pair.provider, "node", node)
    assert _found(pair) == {"catalogue": [("doctor.not-let-in", PARTNER)]}


@pytest.mark.full("two nodes for every test")
def test_an_address_of_our_own_that_nobody_else_reaches_is_told(a_pair):
    pair = a_pair()
    _with_partner(pair, dsp_url="https://supplier.example/2025-1")
    found = _found(pair)
    assert found["callback"] == [("doctor.callback-loopback", US)]
    assert found["services"] == [("doctor.service-elsewhere", US)]
    _with_partner(pair, dsp_url="")
    assert _found(pair)["address"] == [("doctor.no-address", US)]


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("certificate has expired", "doctor.certificate-time"),
        ("certificate is not yet valid", "doctor.certificate-time"),
        ("Hostname mismatch, certificate is not valid for 'a'.", "doctor.certificate-name"),
        ("self-signed certificate in certificate chain", "doctor.certificate-issuer"),
        ("unable to get local issuer certificate", "doctor.certificate-issuer"),
        ("unsupported certificate purpose", "http.certificate"),
    ],
)
@pytest.mark.full("two nodes for every test")
def test_a_certificate_that_is_not_believed_is_told_by_its_kind(a_pair, reason, code):
    pair = a_pair()

    def refused(method, url):
        raise Unavailable.of("http.certificate", url=url, reason=reason)

    pair.http.before = refused
    found = _found(pair)
    assert found["reach"] == [(code, PARTNER)]
    assert found["callback"] == [(code, US)]


@pytest.mark.full("two nodes for every test")
def test_our_own_offers_are_looked_at_from_the_partners_side(a_pair):
    pair = a_pair()
    with pair.provider.store.unit_of_work() as work:
        record = read_json(work.get("dataset", pair.dataset_id).body)
        seen = record["access_policy"]["permission"][0]["constraint"][0]["and"]
        seen.append(term("BusinessPartnerGroup", "isAnyOf", ["carmakers"]))
        work.put("dataset", pair.dataset_id, canonical_bytes(record))
    checkup = examine(pair.provider, pair.to_consumer, served=True)
    (check,) = [check for check in checkup.checks if check.name == "own-offer"]
    assert [(p.code, p.who) for p in check.points] == [("policy.group-without", US)]
    assert check.subject == "Cathode"


@pytest.mark.full("two nodes for every test")
def test_messages_that_cannot_be_sent_are_told(a_pair):
    pair = a_pair()
    begun = pair.ask()
    pair.http.before = lambda *_: HttpAnswer(503, {}, b"")
    pair.workers["cellmaker"].run_once()
    pair.http.before = None
    assert _found(pair) == {"messages": [("doctor.waiting", None)]}
    with pair.consumer.store.unit_of_work() as work:
        (entry,) = work.due(pair.clock.now() + timedelta(days=1))
        work.done(entry.id)
        work.enqueue(replace(entry, attempts=MAX_ATTEMPTS))
    assert _found(pair) == {"messages": [("doctor.given-up", US)]}
    assert begun.pid


@pytest.mark.full("two nodes for every test")
def test_a_partner_whose_certificate_has_ended_is_told_over_real_tls(a_pair, tmp_path: Path):
    now, day = datetime.now(UTC), timedelta(days=1)
    issuer = authority(now)
    files = server_files(tmp_path, issuer, starts=now - 9 * day, ends=now - day)
    context = ssl.create_default_context()
    context.load_verify_locations(cadata=issuer.pem.decode())
    pair = a_pair()
    with tls_server(*files) as url:
        _with_partner(pair, dsp_url=f"{url}2025-1")
        client = SafeHttpClient(allow_loopback_http=True, ssl_context=context)
        checkup = examine(replace(pair.consumer, http=client), pair.to_provider, served=False)
    (point,) = next(check.points for check in checkup.checks if check.name == "reach")
    assert (point.code, point.who) == ("doctor.certificate-time", PARTNER)
    assert "expired" in point.arguments["reason"]


# ── with credentials ─────────────────────────────────────────────────────────────────────


@pytest.mark.full("two nodes for every test")
def test_a_missing_credential_of_ours_is_told(tmp_path: Path):
    space = dataspace(tmp_path / "issuer", members=False)
    become_member(space, space.provider)
    found = _found(space)
    assert found["credentials"] == [("doctor.credential-missing", US)] * 3
    assert found["catalogue"] == [("doctor.not-let-in-because", None)]


@pytest.mark.full("two nodes for every test")
def test_a_credential_of_ours_that_ended_or_was_taken_back_is_told(tmp_path: Path):
    space = dataspace(tmp_path / "issuer")
    consumer = space.consumer.node
    assert revoke(space.issuer.folder, consumer.did, "MembershipCredential") == 1
    found = _found(space)
    assert found["credentials"] == [("identity.credential-revoked", US)]
    assert found["catalogue"] == [("doctor.not-let-in-because", None)]
    space.clock.advance(days=400)
    assert _found(space)["credentials"] == [("doctor.credential-ended", US)] * 3


@pytest.mark.full("two nodes for every test")
def test_a_missing_credential_of_theirs_is_told_where_it_was_refused(tmp_path: Path):
    space = dataspace(tmp_path / "issuer", members=False)
    become_member(space, space.provider)
    space.catalogue()  # the consumer calls without credentials: the provider refuses
    partner = space.to_consumer
    checkup = examine(space.provider, partner, served=True)
    (calls,) = [check for check in checkup.checks if check.name == "calls"]
    assert calls.points[0].code == "doctor.refused-here"
    assert any(p.code.startswith("identity.") for p in calls.points)


@pytest.mark.full("two nodes for every test")
def test_the_ways_to_sign_in_have_to_agree(tmp_path: Path):
    space = dataspace(tmp_path / "issuer")
    assert "sign-in" not in _found(space)
    by_key = replace(space.consumer, settings={})
    found = _found(space, world=by_key)
    assert found["sign-in"] == [("doctor.wants-credentials", US)]
