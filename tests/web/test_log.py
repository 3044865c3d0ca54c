"""Two nodes that witness each other's logs, over HTTP without sockets; and who attacks them."""

from dataclasses import replace
from typing import Any

import pytest

from saltbridge.adapters.stores.memory import MemoryStore
from saltbridge.core.canonical import canonical_bytes, digest, read_json
from saltbridge.exchange.policy import PURPOSE_PCF
from saltbridge.formats.claim_file import parse_claim_file, render_claim_file
from saltbridge.ports import HttpAnswer, World
from saltbridge.services import verify as verifying
from saltbridge.services.log_proofs import cosigned
from saltbridge.services.log_state import log_state, sign_checkpoint
from saltbridge.services.log_witnesses import ask_all
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.steps.log import current_checkpoint
from saltbridge.testing.peers import PCF_DOCUMENT
from saltbridge.trust import log
from saltbridge.trust.checkpoint import (
    Checkpoint,
    assemble,
    known_witnesses,
    log_keys,
    parse_checkpoint,
    prepare,
    render_add_checkpoint,
)
from saltbridge.trust.did import parse_did_document
from saltbridge.trust.note import (
    Note,
    parse_note,
    render_note,
)
from saltbridge.web.log import LIMIT_BYTES, PER_MINUTE


def events(world: World) -> list[str]:
    with world.store.reading() as view:
        return [view.log_leaf(i).event for i in range(view.log_size())]


def documents(pair: Any) -> dict[str, Any]:
    return {
        w.node.did: parse_did_document(w.keyring.did_document())
        for w in (pair.provider, pair.consumer)
    }


def get(pair: Any, world: World, path: str) -> HttpAnswer:
    return pair.http.send("GET", f"{world.node.base_url}{path}")


def submit(pair: Any, note: Note, *, old: int = 0, proof: tuple[bytes, ...] = ()) -> HttpAnswer:
    return pair.http.send(
        "POST",
        f"{pair.consumer.node.base_url}/log/witness/add-checkpoint",
        content=render_add_checkpoint(old, proof, note),
    )


def signed_by(world: World, state: Checkpoint) -> Note:
    (key,) = log_keys(parse_did_document(world.keyring.did_document()))
    unsigned = prepare(state, key)
    return assemble(unsigned, world.keyring.log_signer().sign(unsigned.signing_input))


def extend(world: World, count: int = 1) -> None:
    with world.store.unit_of_work() as work:
        for number in range(count):
            work.append_leaf("test.done", str(number), b"{}")


def checkpoint_of(world: World) -> Note:
    with world.store.unit_of_work() as work:
        return current_checkpoint(world, work)


# ── coming to rest ──────────────────────────────────────────────────────────────────────


def test_two_nodes_witness_each_other_and_come_to_rest(a_pair) -> None:
    pair = a_pair()
    pair.ask()
    pair.pump()  # fails where the two never come to rest
    for world, other in ((pair.provider, pair.consumer), (pair.consumer, pair.provider)):
        state = log_state(world)
        (witness,) = [w for w in state.witnesses if w.partner.did == other.node.did]
        assert 0 < witness.size <= state.size
        assert "log.witnessed" in events(other)
        note = parse_note(state.checkpoint)
        assert [c.witness for c in known_witnesses(note, documents(pair), but=world.node.did)] \
            == [other.node.did]  # fmt: skip
    before = [len(events(w)) for w in (pair.provider, pair.consumer)]
    pair.clock.advance(hours=1)
    for _ in range(5):
        for worker in pair.workers.values():
            worker.run_once()
    assert [len(events(w)) for w in (pair.provider, pair.consumer)] == before
    assert pair.provider.store.reading  # a day later nothing has moved either


def test_one_entry_waits_per_partner_however_much_is_published(a_pair) -> None:
    pair = a_pair()
    for number in range(5):
        publish(
            pair.provider,
            PublishRequest(
                document={**PCF_DOCUMENT, "product_family": f"material {number}"},
                kind="pcf",
                recipients=[pair.consumer.node.bpn],
                purpose=PURPOSE_PCF,
                person="P",
            ),
        )
    with pair.provider.store.reading() as view:
        waiting = [e for e in view.due(pair.clock.now()) if e.kind == "witness"]
    assert len(waiting) == len(pair.provider.node.partners) == 2
    pair.pump()
    state = log_state(pair.provider)
    assert state.checkpoint_size == state.size
    (seen,) = [w for w in state.witnesses if w.partner.name == "cellmaker"]
    assert seen.size == state.size


def test_what_is_asked_while_a_checkpoint_is_under_way_is_witnessed_too(a_pair) -> None:
    pair = a_pair()
    pair.pump()
    done = []

    def meanwhile(method: str, url: str) -> None:
        if url.endswith("/add-checkpoint") and "8202" in url and not done:
            done.append(url)
            publish(
                pair.provider,
                PublishRequest(document=PCF_DOCUMENT, kind="pcf", person="P",
                               recipients=[pair.consumer.node.bpn], purpose=PURPOSE_PCF),
            )  # fmt: skip

    publish(
        pair.provider,
        PublishRequest(document=PCF_DOCUMENT, kind="pcf",
                       recipients=[pair.consumer.node.bpn], purpose=PURPOSE_PCF, person="P"),
    )  # fmt: skip
    pair.http.before = meanwhile
    pair.workers["supplier"].run_once()
    assert done
    state = log_state(pair.provider)
    (seen,) = [w for w in state.witnesses if w.partner.name == "cellmaker"]
    assert seen.size == state.size


# ── what a delivery brings ──────────────────────────────────────────────────────────────


def delivered(pair: Any) -> dict[str, Any]:
    pair.ask()
    pair.pump()
    found: dict[str, Any] = pair.the(pair.consumer, "delivery")
    return found


def released(pair: Any) -> tuple[str, Any]:
    dataset = pair.the(pair.provider, "dataset")
    kept = dataset["releases"][pair.consumer.node.bpn]
    return kept["digest"], kept["decision_id"]


def test_a_delivery_carries_the_proof_and_the_consumer_saw_that_log(a_pair) -> None:
    pair = a_pair()
    kept = delivered(pair)
    assert kept["verified"]
    assert kept["claim"]["log"]["leaf"]["event"] == "claim.signed"
    (check,) = [c for c in kept["checks"] if c["name"] == "log"]
    assert (check["number"], check["ok"], check["detail_code"]) == (8, True, "")


def test_a_log_forked_for_two_readers_is_found_by_the_delivery(a_pair) -> None:
    """The provider showed the witness a log in which its document does not stand."""
    pair = a_pair()
    other = replace(pair.provider, store=MemoryStore(pair.clock))
    extend(other, 9)
    assert submit(pair, checkpoint_of(other)).status == 200
    kept = delivered(pair)
    (check,) = [c for c in kept["checks"] if not c["ok"]]
    assert (check["name"], check["detail_code"]) == ("log", "delivery.log-forked")
    assert not kept["verified"]
    (fork,) = log_state(pair.consumer).forks
    assert fork.did == pair.provider.node.did
    assert events(pair.consumer).count("log.fork-found") == 1
    (evidence,) = pair.all(pair.consumer, "log-fork")
    keys = log_keys(documents(pair)[pair.provider.node.did])
    from saltbridge.trust.checkpoint import verify_checkpoint

    for side in ("seen", "found"):  # both states bear the log's own signature
        verify_checkpoint(parse_note(evidence[side]), pair.provider.node.did, keys)


# ── the witness's answers ───────────────────────────────────────────────────────────────


def test_a_checkpoint_that_continues_what_was_seen_is_cosigned(a_pair) -> None:
    pair = a_pair()
    first = checkpoint_of(pair.provider)
    answer = submit(pair, first)
    assert answer.status == 200
    assert answer.content.startswith("— did:web:".encode())
    extend(pair.provider, 5)
    second = checkpoint_of(pair.provider)
    old, size = (parse_checkpoint(n.text).size for n in (first, second))
    conflict = submit(pair, second)
    assert (conflict.status, conflict.content) == (409, f"{old}\n".encode())
    assert conflict.headers["content-type"].startswith("text/x.tlog.size")
    with pair.provider.store.reading() as view:
        proof = tuple(view.consistency_proof(old, size))
    assert submit(pair, second, old=old, proof=proof).status == 200
    origin = digest(pair.provider.node.did.encode()).removeprefix("sha256:")
    kept = get(pair, pair.consumer, f"/log/witness/{origin}/checkpoint")
    seen = known_witnesses(parse_note(kept.content), documents(pair), but="")
    assert [c.witness for c in seen] == [pair.consumer.node.did]
    assert parse_note(kept.content).text == second.text
    # The same one again is cosigned again, and nothing new is remembered.
    before = len(events(pair.consumer))
    assert submit(pair, second, old=size).status == 200
    assert len(events(pair.consumer)) == before


def test_the_answers_of_a_witness_to_what_it_does_not_cosign(a_pair) -> None:
    pair = a_pair()
    good = checkpoint_of(pair.provider)
    size = parse_checkpoint(good.text).size
    root = log.tree_root([b"x" * 32])
    assert submit(pair, good, old=size + 1).status == 400
    assert submit(pair, good, proof=(root,)).status == 422  # old 0, yet a proof
    stranger = signed_by(pair.consumer, Checkpoint("did:web:nobody.example", 1, root))
    assert submit(pair, stranger).status == 404
    forged = signed_by(pair.consumer, Checkpoint(pair.provider.node.did, 1, root))
    assert submit(pair, forged).status == 403
    broken = replace(good, signatures=(replace(good.signatures[0], content=b"s" * 64),))
    assert submit(pair, broken).status == 403
    empty = signed_by(pair.provider, Checkpoint(pair.provider.node.did, 0, root))
    assert submit(pair, empty).status == 422
    url = f"{pair.consumer.node.base_url}/log/witness/add-checkpoint"
    assert pair.http.send("POST", url, content=b"old 0\n\nnothing").status == 400
    assert pair.http.send("POST", url, content=b"x" * (LIMIT_BYTES + 1)).status == 413
    assert events(pair.consumer) == []  # nothing of it was worth a leaf
    assert submit(pair, good).status == 200


def test_two_roots_of_one_size_are_a_fork_and_kept_once(a_pair) -> None:
    pair = a_pair()
    good = checkpoint_of(pair.provider)
    size = parse_checkpoint(good.text).size
    assert submit(pair, good).status == 200
    other = signed_by(pair.provider, Checkpoint(pair.provider.node.did, size, b"r" * 32))
    for _ in range(3):
        assert submit(pair, other, old=size).status == 422
        assert submit(pair, other).status == 409
    assert len(pair.all(pair.consumer, "log-fork")) == 1
    assert events(pair.consumer).count("log.fork-found") == 1


def test_a_true_checkpoint_with_a_wrong_proof_accuses_nobody(a_pair) -> None:
    """Anybody can send that; the log itself, asked, knows what joins the two."""
    pair = a_pair()
    first = checkpoint_of(pair.provider)
    old = parse_checkpoint(first.text).size
    assert submit(pair, first).status == 200
    extend(pair.provider, 3)
    assert submit(pair, checkpoint_of(pair.provider), old=old, proof=(b"p" * 32,)).status == 422
    pair.pump()
    assert pair.all(pair.consumer, "log-fork") == []


def test_a_larger_forked_log_is_found_by_asking_it(a_pair) -> None:
    pair = a_pair()
    first = checkpoint_of(pair.provider)
    old = parse_checkpoint(first.text).size
    assert submit(pair, first).status == 200
    extend(pair.provider, 20)
    other = signed_by(pair.provider, Checkpoint(pair.provider.node.did, old + 4, b"r" * 32))
    assert submit(pair, other, old=old, proof=(b"p" * 32,)).status == 422
    pair.pump()
    (fork,) = log_state(pair.consumer).forks
    assert (fork.seen.size, fork.found.size) >= (old, old + 4)


def test_witnessing_is_paced(a_pair) -> None:
    pair = a_pair()
    good = checkpoint_of(pair.provider)
    statuses = [submit(pair, good).status for _ in range(PER_MINUTE + 1)]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {200, 409}
    pair.clock.advance(minutes=2)
    assert submit(pair, good).status == 409


# ── reading ─────────────────────────────────────────────────────────────────────────────


def test_anybody_can_check_the_log_with_hashes_alone(a_pair) -> None:
    pair = a_pair()
    old = parse_checkpoint(checkpoint_of(pair.provider).text)
    extend(pair.provider, 7)
    new = parse_checkpoint(parse_note(sign_checkpoint(pair.provider)).text)
    newest = parse_note(get(pair, pair.provider, "/log/checkpoint").content)
    assert parse_checkpoint(newest.text) == new
    older = get(pair, pair.provider, f"/log/checkpoint?size={old.size}").content
    assert parse_checkpoint(parse_note(older).text) == old
    path = f"/log/proof/consistency?old={old.size}&size={new.size}"
    told = read_json(get(pair, pair.provider, path).content)
    from base64 import b64decode

    proof = [b64decode(h) for h in told["path"]]
    assert log.continues(old.size, old.root, new.size, new.root, proof)
    told = read_json(
        get(pair, pair.provider, f"/log/proof/inclusion?index=3&size={new.size}").content
    )
    leaf, proof = b64decode(told["leaf_hash"]), [b64decode(h) for h in told["path"]]
    assert log.includes(leaf, 3, new.size, proof, new.root)
    assert told.keys() == {"index", "size", "leaf_hash", "path"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/log/checkpoint?size=999", 404),
        ("/log/checkpoint?size=x", 400),
        ("/log/proof/consistency?old=0&size=1", 404),
        ("/log/proof/consistency?old=3&size=2", 404),
        ("/log/proof/consistency?old=1&size=999", 404),
        ("/log/proof/consistency?old=1", 400),
        ("/log/proof/inclusion?index=9&size=9", 404),
        ("/log/proof/inclusion?index=-1&size=1", 400),
        ("/log/proof/inclusion?index=0&size=99999999999999999999", 400),
        ("/log/witness/00/checkpoint", 404),
    ],
)
def test_what_the_log_never_had_is_not_found(a_pair, path: str, status: int) -> None:
    pair = a_pair()
    assert get(pair, pair.provider, path).status == status


# ── the other side of asking ────────────────────────────────────────────────────────────


def test_a_witness_that_saw_more_than_there_is_says_that_leaves_were_lost(a_pair) -> None:
    pair = a_pair()
    larger = replace(pair.provider, store=MemoryStore(pair.clock))
    extend(larger, 40)
    assert submit(pair, checkpoint_of(larger)).status == 200
    (asked,) = [a for a in ask_all(pair.provider) if a.partner.name == "cellmaker"]
    assert asked.finding is not None
    assert asked.finding.code == "log.witness-ahead"


def test_a_forged_cosignature_is_not_kept(a_pair) -> None:
    pair = a_pair()

    def forge(method: str, url: str) -> HttpAnswer | None:
        if not url.endswith("/add-checkpoint"):
            return None
        line = "— did:web:127.0.0.1%3A8202 " + "A" * 100 + "\n"
        return HttpAnswer(200, {}, line.encode())

    pair.http.before = forge
    answers = {a.partner.name: a for a in ask_all(pair.provider)}
    assert answers["cellmaker"].finding is not None
    note = parse_note(log_state(pair.provider).checkpoint)
    assert [s.name for s in note.signatures] == [pair.provider.node.did]


def test_a_node_signs_nothing_once_its_log_is_not_the_one_it_signed(a_pair) -> None:
    from saltbridge.core.errors import Refused

    pair = a_pair()
    signed = checkpoint_of(pair.provider)
    robbed = replace(pair.provider, store=MemoryStore(pair.clock))
    with robbed.store.unit_of_work() as work:
        size = parse_checkpoint(signed.text).size
        work.put("log-checkpoint", f"{size:020d}", render_note(signed))
    extend(robbed, size + 1)
    with pytest.raises(Refused) as refused:
        checkpoint_of(robbed)
    assert refused.value.findings[0].code == "log.not-as-signed"


# ── offline ─────────────────────────────────────────────────────────────────────────────


def checked(pair: Any, content: bytes, *anchors: World) -> verifying.Verification:
    return verifying.verify(
        verifying.VerifyRequest(
            content=content,
            name="claim.json",
            now=pair.clock.now(),
            anchors={w.node.did: w.keyring.did_document() for w in anchors},
        )
    )


def outcome(result: verifying.Verification) -> tuple[str, str]:
    (check,) = [c for c in result.checks if c.name == "log"]
    return check.outcome.value, check.code


def test_a_file_is_verified_offline_with_its_witnesses(a_pair) -> None:
    pair = a_pair()
    with pair.provider.store.reading() as view:
        content = view.get_release(*released(pair)).content
    assert outcome(checked(pair, content)) == ("open", "verify.log-enclosed")
    assert outcome(checked(pair, content, pair.provider)) == ("passed", "verify.log-included")
    pair.pump()
    newer = cosigned(pair.provider, content)
    result = checked(pair, newer, pair.provider, pair.consumer)
    assert outcome(result) == ("passed", "verify.log-witnessed")
    assert outcome(checked(pair, newer, pair.provider)) == ("passed", "verify.log-included")
    file = parse_claim_file(content)
    without = render_claim_file(file.claim, file.did_document)
    assert outcome(checked(pair, without, pair.provider)) == ("open", "verify.log-absent")
    other = publish(
        pair.provider,
        PublishRequest(document=PCF_DOCUMENT, kind="pcf", recipients=[pair.consumer.node.bpn],
                       purpose=PURPOSE_PCF, person="P"),
    )  # fmt: skip
    assert other
    document = read_json(content)
    (record,) = [r for r in pair.all(pair.provider, "dataset") if r["id"] == other.dataset_id]
    kept = record["releases"][pair.consumer.node.bpn]
    with pair.provider.store.reading() as view:
        second = read_json(view.get_release(kept["digest"], kept["decision_id"]).content)
    swapped = canonical_bytes({**document, "log": second["log"]})
    assert outcome(checked(pair, swapped, pair.provider)) == ("failed", "trust.log-other-leaf")


def test_the_operators_overview_warns_of_a_fork(a_pair) -> None:
    from saltbridge.web.operator_page import _tables

    pair = a_pair()
    good = checkpoint_of(pair.provider)
    size = parse_checkpoint(good.text).size
    submit(pair, good)
    assert _tables(pair.consumer, "en")["log_forks"] == []
    other = signed_by(pair.provider, Checkpoint(pair.provider.node.did, size, b"r" * 32))
    submit(pair, other, old=size)
    (warned,) = _tables(pair.consumer, "en")["log_forks"]
    assert (warned["did"], warned["found"]) == (pair.provider.node.did, size)
