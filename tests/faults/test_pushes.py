"""Hundreds of pushed exchanges under faults, and mutants that they find."""

from dataclasses import replace

import pytest
from tests.effort import is_full
from tests.faults.pushes import PushTown, consumer_wants_a_push, judge_pushes
from tests.faults.test_two_nodes import CALM, CROWD, DAWDLING, PAUSES, RAIN, STORM
from tests.faults.two_nodes import Weather
from tests.faults.two_nodes_end import judge

from saltbridge.services import push, receive_pushed
from saltbridge.services.receive_pushed import Door
from saltbridge.steps import pushing, transferring


def play(seed: int, weather: Weather) -> tuple[str, PushTown]:
    town = PushTown(seed, weather)
    town.run(consumer_wants_a_push)
    judge_pushes(town)
    return judge(town), town


def test_in_calm_weather_it_is_pushed_once():
    ended, town = play(1, CALM)
    assert ended == "FINALIZED/COMPLETED"
    assert town.pushed_in == ["STARTED"]


@pytest.mark.parametrize(
    ("weather", "share"),
    [(RAIN, 400), (STORM, 800), (CROWD, 800), (DAWDLING, 400), (PAUSES, 400)],
    ids=["rain", "storm", "people amid it", "late words", "pauses"],
)
def test_whatever_happens_both_sides_come_to_the_same_end(weather, share):
    ended: set[str] = set()
    for seed in range(share if is_full() else share // 40):
        ended.add(play(seed, weather)[0])
    if not weather.person:
        assert ended == {"FINALIZED/COMPLETED"}, "faults alone end nothing"


def test_nodes_die_while_they_push_and_while_they_take():
    seen: set[str] = set()
    for seed in range(200 if is_full() else 30):
        seen |= set(play(seed, STORM)[1].deaths)
    assert seen >= {"transfer.START", "transfer.REQUESTED", "transfer.STARTED"}


# ── mutants: what the schedules would find ──────────────────────────────────────────────


def _it_is_pushed_in_every_state(monkeypatch):
    monkeypatch.setattr(push, "_pushing", lambda view, pid: transferring.load(view, pid))
    monkeypatch.setattr(pushing, "without_target", lambda transfer: transfer)
    monkeypatch.setattr(transferring, "without_target", lambda transfer: transfer)


def _what_comes_twice_is_kept_twice(monkeypatch):
    real = receive_pushed._door
    monkeypatch.setattr(
        receive_pushed,
        "_door",
        lambda one: Door.OPEN if real(one) is Door.USED else real(one),
    )
    monkeypatch.setattr(receive_pushed, "document", lambda *_: None)


def _a_pause_shuts_no_door(monkeypatch):
    monkeypatch.setattr(receive_pushed, "_WAITING", ())
    monkeypatch.setattr(receive_pushed, "_ENDED", ())


def _every_request_has_a_token_of_its_own(monkeypatch):
    numbers = iter(range(10**9))
    real = pushing.target_of

    def fresh(world, transfer):
        address = real(world, transfer)
        return address and type(address)(address.endpoint, f"{next(numbers):043}")

    monkeypatch.setattr("saltbridge.services.send.target_of", fresh)


def _done_is_said_before_it_is_pushed(monkeypatch):
    real = push._sent

    def boasting(world, transfer, release, address):
        answer = real(world, transfer, release, address)
        return type(answer)(200, answer.headers, answer.content)

    monkeypatch.setattr(push, "_sent", boasting)


def _the_consumer_forgets_its_token(monkeypatch):
    real = transferring.without_target
    monkeypatch.setattr(
        transferring,
        "without_target",
        lambda one: replace(real(one), token_digest="") if one.push_to else real(one),
    )


# The mutant, and what the schedules say of it.
_MUTANTS = {
    _it_is_pushed_in_every_state: "pushed in ",
    _what_comes_twice_is_kept_twice: "delivered twice",
    _a_pause_shuts_no_door: "taken in ",
    _every_request_has_a_token_of_its_own: "faults alone",
    _done_is_said_before_it_is_pushed: "completed without a verified delivery",
    _the_consumer_forgets_its_token: "faults alone",
}


@pytest.mark.parametrize(
    ("mutant", "says"), _MUTANTS.items(), ids=lambda one: getattr(one, "__name__", "")[1:]
)
def test_a_planted_mutant_is_found(mutant, says, monkeypatch: pytest.MonkeyPatch):
    play(1, CALM)
    mutant(monkeypatch)
    for seed in range(120):
        for weather in (PAUSES, DAWDLING, CROWD, STORM):
            try:
                ended, _ = play(seed, weather)
            except Exception as fault:  # a broken promise, or what the mutant made of the code
                found = str(fault)
            else:
                fails = not weather.person and ended != "FINALIZED/COMPLETED"
                found = "faults alone end nothing" if fails else ""
            if says in found:
                return
    pytest.fail("no schedule found it")
