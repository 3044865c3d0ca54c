"""A token of the data plane in the place of another, at the provider's door and kept by us."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from saltbridge.core.canonical import read_json
from saltbridge.exchange import messages as m
from saltbridge.exchange.records import transfer_of
from saltbridge.formats.dsp import parse_data_address, render_message
from saltbridge.services.transfer import suspend, terminate
from saltbridge.steps.edr import keep_edr, kept_edr, renewed_edr
from saltbridge.trust.self_issued import self_issued_token

PATH = "/data-tokens/refresh"


@pytest.fixture
def opened(a_pair):
    """A pair with a started transfer, and the address the provider told."""
    pair = a_pair()
    pair.started()
    with pair.consumer.store.reading() as view:
        (fetch,) = [e for e in view.due(pair.clock.now()) if e.kind == "exchange.fetch"]
    return pair, parse_data_address(read_json(fetch.body)["address"])


def refresh(pair, refresh_token, old, *, world=None, grant="refresh_token", **members):
    caller = world or pair.consumer
    sign_in = self_issued_token(
        **{
            "caller": caller.node.did,
            "called": pair.provider.node.did,
            "jti": caller.identifiers.urn_uuid(),
            "now": pair.clock.now(),
            "signer": caller.keyring.signer(),
            "access_token": old,
            **members,
        }
    )
    form = {"grant_type": grant, "refresh_token": refresh_token}
    return pair.http.send(
        "POST",
        f"{pair.provider.node.base_url}{PATH}",
        headers={
            "authorization": f"Bearer {sign_in}",
            "content-type": "application/x-www-form-urlencoded",
        },
        content=urlencode(form).encode(),
    )


def granted(answer):
    assert answer.status == 200, answer.content
    told = read_json(answer.content)
    assert set(told) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (told["token_type"], told["expires_in"]) == ("bearer", 300)
    return told["access_token"], told["refresh_token"]


def test_a_token_is_renewed_after_it_has_run_out(opened):
    pair, address = opened
    assert address.refresh_endpoint == f"{pair.provider.node.base_url}{PATH}"
    assert address.refresh_audience == pair.provider.node.did
    pair.clock.advance(seconds=301)
    assert pair.pull(address.endpoint, address.token).status == 403
    access, _ = granted(refresh(pair, address.refresh_token, address.token))
    assert pair.pull(address.endpoint, access).status == 200


def test_the_old_refresh_token_is_good_until_the_new_one_is_used(opened):
    """An answer that got lost, or two that ask at once, must not shut anybody out."""
    pair, address = opened
    one = granted(refresh(pair, address.refresh_token, address.token))
    other = granted(refresh(pair, address.refresh_token, address.token))
    for access, _ in (one, other):
        assert pair.pull(address.endpoint, access).status == 200
    newest = granted(refresh(pair, other[1], other[0]))
    again = refresh(pair, address.refresh_token, address.token)
    assert (again.status, read_json(again.content)) == (400, {"error": "invalid_grant"})
    assert pair.pull(address.endpoint, address.token).status == 403
    assert pair.pull(address.endpoint, newest[0]).status == 200


@pytest.mark.parametrize("shut", [suspend, terminate])
def test_what_is_suspended_or_ended_is_renewed_no_more(opened, shut):
    pair, address = opened
    access, another = granted(refresh(pair, address.refresh_token, address.token))
    shut(pair.provider, pair.the(pair.provider, "transfer")["provider_pid"], "x")
    for token, old in ((address.refresh_token, address.token), (another, access)):
        assert refresh(pair, token, old).status == 400
    for token in (address.token, access):
        assert pair.pull(address.endpoint, token).status == 403


def test_who_asks_shows_its_own_key_and_the_token_it_had(opened):
    pair, address = opened
    right = (address.refresh_token, address.token)
    assert refresh(pair, *right, called="did:web:127.0.0.1%3A9").status == 401
    assert refresh(pair, *right, jti="once").status == 200
    assert refresh(pair, *right, jti="once").status == 401, "replayed"
    assert refresh(pair, *right, signer=pair.provider.keyring.signer()).status == 401
    assert refresh(pair, address.refresh_token, "another token").status == 400
    assert refresh(pair, address.token, address.token).status == 400
    assert refresh(pair, *right, grant="password").status == 400
    assert pair.pull(address.endpoint, address.token).status == 200, "nothing was changed"


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"a=1&" * 5000, b"grant_type"])
def test_a_body_that_is_no_form_is_refused(opened, body):
    pair, _ = opened
    answer = pair.http.send("POST", f"{pair.provider.node.base_url}{PATH}", content=body)
    assert (answer.status, read_json(answer.content)["error"]) == (
        400,
        "unsupported_grant_type",
    )


def test_no_secret_is_kept_in_the_clear(opened):
    pair, address = opened
    access, another = granted(refresh(pair, address.refresh_token, address.token))
    contents = str(pair.provider.store._contents)
    for secret in (address.token, address.refresh_token, access, another):
        assert secret not in contents


def test_a_kept_token_that_has_run_out_is_renewed_and_kept_sealed(opened):
    pair, address = opened
    transfer = transfer_of(pair.the(pair.consumer, "transfer"))
    with pair.consumer.store.unit_of_work() as work:
        assert keep_edr(pair.consumer, work, transfer, address)
    pair.clock.advance(seconds=301)
    with pair.consumer.store.reading() as view:
        assert kept_edr(pair.consumer, view, transfer.pid) is None
    edr = renewed_edr(pair.consumer, transfer)
    assert pair.pull(edr.endpoint, edr.token).status == 200
    with pair.consumer.store.reading() as view:
        assert kept_edr(pair.consumer, view, transfer.pid) == edr
        kept = view.get("edr", transfer.pid).body
    assert edr.token.encode() not in kept
    suspend(pair.provider, transfer.provider_pid, "x")
    assert renewed_edr(pair.consumer, transfer) is None


def test_a_token_is_asked_for_at_the_partner_s_own_address_only(opened):
    pair, address = opened
    transfer = transfer_of(pair.the(pair.consumer, "transfer"))
    foreign = replace(address, refresh_endpoint="http://169.254.169.254/latest")
    with pair.consumer.store.unit_of_work() as work:
        assert keep_edr(pair.consumer, work, transfer, foreign)
    assert renewed_edr(pair.consumer, transfer) is None
    assert render_message(m.TransferStart("p", "c", foreign))["dataAddress"]


@pytest.mark.parametrize("seconds", [10**15, 10**17])
def test_a_token_said_to_live_for_ages_is_kept_for_a_year(opened, seconds):
    pair, address = opened
    transfer = transfer_of(pair.the(pair.consumer, "transfer"))
    told = replace(address, expires_in_seconds=seconds)
    with pair.consumer.store.unit_of_work() as work:
        assert keep_edr(pair.consumer, work, transfer, told)
    pair.clock.advance(seconds=364 * 86_400)
    with pair.consumer.store.reading() as view:
        assert kept_edr(pair.consumer, view, transfer.pid)
    pair.clock.advance(seconds=2 * 86_400)
    with pair.consumer.store.reading() as view:
        assert kept_edr(pair.consumer, view, transfer.pid) is None
