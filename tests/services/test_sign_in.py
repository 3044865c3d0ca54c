"""Signing in: a token is good once, and what is remembered of it does not pile up."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.trust.wallet import WalletSigner

from saltbridge.adapters.stores import open_store
from saltbridge.core.errors import Unavailable
from saltbridge.services.sign_in import signed_in
from saltbridge.steps import used_tokens
from saltbridge.testing.builders import FixedClock, memory_world, node_profile, partner_of
from saltbridge.trust.self_issued import MAX_LIFE, MAX_SKEW, self_issued_token
from saltbridge.trust.suites import NotVerified

CALLER = memory_world(node_profile("supplier", port=8201))


@pytest.fixture
def world():
    node = node_profile("cellmaker", partners=(partner_of(CALLER.node),))
    documents = {CALLER.node.did: CALLER.keyring.did_document()}
    return memory_world(node, clock=FixedClock(), did_documents=documents)


def token(world, *, ahead=timedelta(0), life=MAX_LIFE):
    return self_issued_token(
        caller=CALLER.node.did,
        called=world.node.did,
        jti=CALLER.identifiers.urn_uuid(),
        now=world.clock.now() + ahead,
        signer=CALLER.keyring.signer(),
        life=life,
    )


def code_of(refused):
    return refused.value.findings[0].code


def remembered(world):
    with world.store.reading() as view:
        return len(view.find("sign-in"))


def test_the_partner_is_known_by_its_token(world):
    assert signed_in(world, token(world)) == world.node.partners[0]


def test_a_token_is_never_good_twice_however_its_clock_runs(world):
    """The longest life, issued as far ahead as is borne, tried again every five seconds."""
    first = token(world, ahead=MAX_SKEW)
    signed_in(world, first)
    codes = []
    while codes[-1:] != ["trust.token-expired"]:
        world.clock.advance(seconds=5)
        signed_in(world, token(world))  # each sign-in forgets what it may
        with pytest.raises(NotVerified) as refused:
            signed_in(world, first)
        codes.append(code_of(refused))
    assert set(codes[:-1]) == {"trust.token-replayed"}
    assert len(codes) == (MAX_LIFE + 2 * MAX_SKEW) / timedelta(seconds=5)


def test_old_sign_ins_are_forgotten(world):
    for _ in range(100):
        signed_in(world, token(world))
        world.clock.advance(minutes=1)
    assert remembered(world) <= 18


def test_a_partner_with_a_wallet_signs_in_by_es256k(world):
    """Its token is signed on secp256k1, as wallets of the dataspace do."""
    wallet = WalletSigner(f"{CALLER.node.did}#key-1")
    document = {**CALLER.keyring.did_document()}
    first, *others = document["verificationMethod"]
    document["verificationMethod"] = [{**first, "publicKeyJwk": wallet.public_jwk()}, *others]
    world.did_resolver.documents[CALLER.node.did] = document
    text = self_issued_token(
        caller=CALLER.node.did, called=world.node.did, jti="w-1", now=world.clock.now(),
        signer=wallet,
    )  # fmt: skip
    assert signed_in(world, text) == world.node.partners[0]
    with pytest.raises(NotVerified):
        signed_in(world, token(world))  # signed on P-256, by a key of before


def test_many_at_a_time_are_each_good_once(world, tmp_path):
    """Ten tokens, each shown twice, wait for one writer: ten get in, by one transaction."""
    store = open_store(f"sqlite:///{tmp_path / 'node.sqlite'}", world.clock)
    world = replace(world, store=store)
    waiting = world.kept.shared("sign-ins waiting", used_tokens._Waiting)

    def outcome(text):
        try:
            signed_in(world, text)
        except NotVerified as refused:
            return refused.findings[0].code
        return "in"

    written = []
    original = used_tokens._remember
    with ThreadPoolExecutor(20) as pool, pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            used_tokens, "_remember", lambda w, t: (written.append(len(t)), original(w, t))
        )
        with waiting.writing:
            asked = [
                pool.submit(outcome, text) for text in [token(world) for _ in range(10)] * 2
            ]
            while len(waiting.tokens) < 20:
                pass
        found = Counter(future.result() for future in asked)
    assert found == {"in": 10, "trust.token-replayed": 10}
    assert (written, remembered(world)) == ([20], 10)
    assert outcome(token(world)) == "in"
    store.close()


def test_a_store_that_fails_uses_no_token_up(world):
    first = token(world)
    working = world.store.unit_of_work
    world.store.unit_of_work = lambda: (_ for _ in ()).throw(Unavailable.of("store.busy"))
    with pytest.raises(Unavailable):
        signed_in(world, first)
    world.store.unit_of_work = working
    assert signed_in(world, first) == world.node.partners[0]


def test_a_fault_of_one_write_is_no_fault_of_the_others(world):
    """The transaction of all fails, and so does the writer's own: the others go on."""
    waiting = world.kept.shared("sign-ins waiting", used_tokens._Waiting)
    failures = [Unavailable.of("store.busy"), Unavailable.of("store.busy")]
    original = world.store.unit_of_work

    def failing():
        if failures:
            raise failures.pop()
        return original()

    def outcome(text):
        try:
            return signed_in(world, text).name
        except Unavailable:
            return "try again"

    with ThreadPoolExecutor(3) as pool:
        with waiting.writing:
            asked = [pool.submit(outcome, token(world)) for _ in range(3)]
            while len(waiting.tokens) < 3:
                pass
            world.store.unit_of_work = failing
        found = Counter(future.result() for future in asked)
    assert found == {"try again": 1, "supplier": 2}
    assert waiting.tokens == []
