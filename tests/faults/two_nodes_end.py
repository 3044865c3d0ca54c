"""What must hold of two nodes at the end of a schedule (``two_nodes``)."""

from typing import Final

from tests.faults.two_nodes import KINDS, Broken, Node, Town

from saltbridge.core.canonical import read_json
from saltbridge.exchange import negotiation, transfer
from saltbridge.ports import MAX_ATTEMPTS


def judge(town: Town) -> str:
    """How the exchange ended, if everything holds.

    Raises:
        Broken: with the seed and what does not hold.
    """
    for node in town.both:
        _arrows_only(town, node)
        _nothing_given_up(town, node)
    for kind in KINDS:
        _both_hold_the_same(town, kind)
    _one_agreement_of_both(town)
    _delivered_once(town)
    _doors_shut(town)
    ended = [record["state"] for _, record in town.records(town.consumer)]
    return "/".join(ended)


def _broken(town: Town, says: str) -> Broken:
    return Broken(f"seed {town.seed}: {says}")


def _arrows_only(town: Town, node: Node) -> None:
    before: dict[tuple[str, str], str] = {}
    tables = {"negotiation": negotiation.TABLE, "transfer": transfer.TABLE}
    for event, subject in town.leaves(node):
        kind, _, state = event.partition(".")
        if kind not in tables or state == "opened":
            continue
        was, now = before.get((kind, subject), "start").upper(), state.upper()
        arrows = {(str(a), str(b)) for a, b in tables[kind].arrows}
        # Our own message may be acknowledged by the peer's next one: two arrows in one.
        reached = {b for a, b in arrows if a == was}
        reached |= {b for a, b in arrows if a in reached}
        # A refused message ends the process where it stood.
        if now not in reached | {"START", "TERMINATED"}:
            raise _broken(town, f"{kind} of {node.world.node.name} went from {was} to {now}")
        before[kind, subject] = state


def _nothing_given_up(town: Town, node: Node) -> None:
    failed = [e for e in town.outbox(node) if e.attempts >= MAX_ATTEMPTS]
    if failed:
        raise _broken(town, f"{failed[0].kind} was given up: {failed[0].last_error}")


def _both_hold_the_same(town: Town, kind: str) -> None:
    sides = [
        {r["consumer_pid"]: r for k, r in town.records(node) if k == kind} for node in town.both
    ]
    for pid in {*sides[0], *sides[1]}:
        ours, theirs = (side.get(pid) for side in sides)
        if ours is None or theirs is None:
            lone = ours or theirs or {}
            if lone["state"] != "TERMINATED":
                raise _broken(town, f"{kind} {pid}: only one side has it, in {lone['state']}")
            continue
        if ours["state"] != theirs["state"] or ours["provider_pid"] != theirs["provider_pid"]:
            raise _broken(town, f"{kind}: one in {ours['state']}, one in {theirs['state']}")
        for side in (ours, theirs):
            if side["outgoing"]:
                raise _broken(town, f"{kind}: still saying {side['outgoing']} in the calm")
        if ours["state"] not in _RESTING[kind]:
            raise _broken(town, f"{kind}: both rest in {ours['state']}, waiting for nobody")
    if any(len(side) > 1 for side in sides):
        raise _broken(town, f"more than one {kind}")


_RESTING: Final = {
    "negotiation": {"FINALIZED", "TERMINATED"},
    "transfer": {"COMPLETED", "TERMINATED", "SUSPENDED"},  # a pause waits for who paused
}


def _one_agreement_of_both(town: Town) -> None:
    sides = []
    for node in town.both:
        with node.store.reading() as view:
            sides.append({r.id for r in view.find("agreement")})
    if sides[0] != sides[1] or len(sides[0]) > 1:
        raise _broken(town, f"agreements differ: {len(sides[0])} and {len(sides[1])}")


def _delivered_once(town: Town) -> None:
    with town.consumer.store.reading() as view:
        delivered = [read_json(r.body) for r in view.find("delivery")]
    if len(delivered) > 1:
        raise _broken(town, "delivered twice")
    done = any(r == ("transfer", "COMPLETED") for r in town.states(town.consumer))
    if done and not (delivered and delivered[0]["verified"]):
        raise _broken(town, "completed without a verified delivery")


def _doors_shut(town: Town) -> None:
    """No token that was ever said opens anything once nobody is in STARTED."""
    started = any(state == "STARTED" for kind, state in town.states(town.provider))
    for kind, record in town.records(town.provider):
        if kind == "transfer" and not started and record["token_digest"]:
            raise _broken(town, f"a token lives on in {record['state']}")
    if town.open_doors() and not started:
        raise _broken(town, "a token opens what is not started")
