"""What is told about a node, and to whom: metrics, readiness, the log of requests."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from saltbridge.adapters import logs
from saltbridge.adapters.outbox_worker import OutboxWorker
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, Unavailable
from saltbridge.ports import OutboxEntry, World
from saltbridge.testing.builders import FixedClock, memory_world, node_profile
from saltbridge.trust.did import iso
from saltbridge.web.app import create_app
from saltbridge.web.watch import Watch, watched

TOKEN = "metrics-token-1234567890"


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.told.append(json.loads(logs.JsonLines().format(record)))


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, logger = Lines(), logging.getLogger("saltbridge")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


def client(world: World, watch: Watch | None = None, host: str = "127.0.0.1") -> TestClient:
    watch = watch or Watch()
    app = watched(create_app(world, watch=watch), watch)
    return TestClient(
        app, base_url=world.node.base_url, client=(host, 5000), raise_server_exceptions=False
    )  # type: ignore[arg-type]


def test_a_request_is_told_by_its_template(lines: Lines) -> None:
    caller = client(memory_world())
    caller.get("/data/urn:uuid:1234?token=abcd", headers={"authorization": "Bearer efgh"})
    caller.get("/no/such/page")
    caller.request("BREW", "/health")
    first, second, third = lines.told
    assert (first["route"], first["status"], first["method"]) == ("/data/{pid}", 403, "GET")
    assert len(first["request"]) == 16 and first["seconds"] >= 0
    assert (second["route"], second["status"]) == ("/01/{rest:path}", 404) or (
        second["route"] == "none"
    )
    assert third["method"] == "other"
    said = json.dumps(lines.told)
    assert not any(secret in said for secret in ("1234?", "abcd", "efgh", "urn:uuid", "such"))


def test_an_error_is_logged_without_its_words_and_answered_without_any(lines: Lines) -> None:
    class Broken:
        def reading(self) -> Any:
            raise RuntimeError("the passphrase is xyzzy")

    answer = client(replace(memory_world(), store=Broken())).get("/health")  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()) == (500, {"code": "http.500"})
    failed, request = lines.told
    assert failed["error"]["type"] == "RuntimeError"
    assert failed["request"] == request["request"] and request["status"] == 500
    assert "xyzzy" not in json.dumps(lines.told) + answer.text


# Who may look


def served(**settings: Any) -> World:
    return memory_world(settings=settings)


def test_loopback_sees_metrics_and_others_find_nothing() -> None:
    world = served()
    assert client(world).get("/metrics").status_code == 200
    for host in ("203.0.113.9", "testclient", "10.0.0.1"):
        outside = client(world, host=host)
        assert outside.get("/metrics").status_code == 404
        assert outside.get("/health/ready").json() == {"status": "ready"}
    for header in ("x-forwarded-for", "forwarded", "x-real-ip", "via"):
        assert client(world).get("/metrics", headers={header: "x"}).status_code == 404
    assert client(world).get("/metrics", headers={"host": "evil.example"}).status_code == 404


def test_behind_a_proxy_loopback_shows_nothing() -> None:
    public = replace(node_profile(), base_url="https://cells.example")
    behind = memory_world(public)
    assert client(behind).get("/metrics").status_code == 404
    named = replace(served(trusted_proxies=["127.0.0.1"]))
    assert client(named).get("/metrics").status_code == 404


def test_the_token_opens_from_everywhere(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    world = served(metrics_token_file="token", folder=str(tmp_path))
    outside = client(world, host="203.0.113.9")
    right = {"authorization": f"Bearer {TOKEN}"}
    assert outside.get("/metrics", headers=right).status_code == 200
    assert "checks" in outside.get("/health/ready", headers=right).json()
    for wrong in ("", TOKEN[:-1], f"{TOKEN}x", "ü"):
        head = {"authorization": f"Bearer {wrong}".encode()}
        assert outside.get("/metrics", headers=head).status_code == 404
    (tmp_path / "token").write_text("")
    assert outside.get("/metrics", headers={"authorization": "Bearer"}).status_code == 404


# What is counted


def value(text: str, name: str) -> float:
    (line,) = [one for one in text.splitlines() if one.startswith(f"{name} ")]
    return float(line.rpartition(" ")[2])


WEEK = timedelta(days=7)


def proposal(state: str, proposed_at: datetime) -> bytes:
    return canonical_bytes({"state": state, "expires_at": iso(proposed_at + WEEK)})


def test_the_gauges_say_what_stands_in_the_store() -> None:
    clock = FixedClock()
    world, watch = memory_world(clock=clock), Watch(lambda: clock.now() + timedelta(days=2))
    with world.store.unit_of_work() as work:
        work.append_leaf("a", "b", b"")
        work.enqueue(OutboxEntry("e1", "send", b"{}", "p"))
        work.enqueue(OutboxEntry("e2", "send", b"{}", "p"))
        work.enqueue(OutboxEntry("e3", "send", b"{}", "q", attempts=10_000))
        work.enqueue(OutboxEntry("e4", "send", b"{}", "r", attempts=3))
        for state in ("pending", "released", "refused", "lapsed"):
            work.put("pending-release", state, proposal(state, clock.now()))
        work.put("pending-release", "expired", proposal("pending", clock.now() - WEEK))
        work.put("log-checkpoint", f"{1:020d}", b"note")
    clock.advance(seconds=90)
    text = client(world, watch).get("/metrics").text
    for name, expected in {
        "outbox_waiting": 2, "outbox_failed": 1, "outbox_most_attempts": 3, "log_size": 1,
        "pending_releases": 1, "store_readable": 1, "certificate_seconds_left": 172_800,
        "checkpoint_age_seconds": 90,
    }.items():  # fmt: skip
        assert value(text, f"saltbridge_{name}") == expected, name


def test_metrics_are_given_even_while_the_store_is_not() -> None:
    class Gone:
        def reading(self) -> Any:
            raise Unavailable.of("store.busy")

    caller = client(replace(memory_world(), store=Gone()))  # type: ignore[arg-type]
    assert value(caller.get("/metrics").text, "saltbridge_store_readable") == 0
    assert caller.get("/health").status_code == 503
    ready = caller.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"]["store"] == "unreadable"


def test_border_decisions_of_any_process_are_counted_and_logged_once(lines: Lines) -> None:
    world, watch = memory_world(), Watch()

    def decide(id: str, verdict: str) -> None:
        body = canonical_bytes({"verdict": verdict, "recipient": {"bpn": "BPNLX"}, "why": "no"})
        with world.store.unit_of_work() as work:
            work.put("decision", id, body)
            work.append_leaf("border.decided", id, body)

    def look() -> None:
        with world.store.reading() as view:
            watch.follow(view)

    decide("before", "released")
    look()
    decide("d1", "released")
    decide("d2", "refused")
    look()
    look()
    text = client(world, watch).get("/metrics").text
    assert value(text, 'saltbridge_border_decisions_total{verdict="released"}') == 1
    assert value(text, 'saltbridge_border_decisions_total{verdict="refused"}') == 1
    told = [(one["decision"], one["verdict"], one["recipient"]) for one in lines.told[:2]]
    assert told == [("d1", "released", "BPNLX"), ("d2", "refused", "BPNLX")]


def test_refused_sign_ins_of_partners_are_counted(lines: Lines) -> None:
    caller = client(memory_world())
    answer = caller.post(
        "/2025-1/catalog/request", content=b"{}", headers={"authorization": "Bearer x.y.z"}
    )
    assert answer.status_code == 404
    assert lines.told[0]["event"] == "sign-in-refused"
    text = caller.get("/metrics").text
    assert value(text, 'saltbridge_sign_in_failures_total{who="partner"}') == 1


def test_labels_stay_few_whatever_is_asked_for() -> None:
    caller = client(memory_world())
    for number in range(50):
        caller.get(f"/{number}")
        caller.get(f"/data/{number}")
        caller.request(f"M{number}", "/health")
    text = caller.get("/metrics").text
    assert sum(one.startswith("saltbridge_requests_total") for one in text.splitlines()) < 8


# Readiness


def checks(world: World, watch: Watch | None = None) -> tuple[int, dict[str, str]]:
    answer = client(world, watch).get("/health/ready")
    return answer.status_code, answer.json()["checks"]


def test_each_check_can_fail(tmp_path: Path) -> None:
    clock = FixedClock()
    assert checks(memory_world(clock=clock))[0] == 200
    status, found = checks(memory_world(clock=clock), Watch(lambda: clock.now()))
    assert (status, found["certificate"]) == (503, "expired")
    full = memory_world(settings={"folder": str(tmp_path), "least_free_megabytes": 10**9})
    assert checks(full)[1]["disk"] == "low"
    gone = memory_world(settings={"folder": str(tmp_path / "absent")})
    assert checks(gone)[1]["disk"] == "unreadable"

    class NoKey:
        def log_signer(self) -> Any:
            raise FaultyInput.of("key.none-left")

    assert checks(replace(memory_world(), keyring=NoKey()))[1]["log_key"] == "unusable"  # type: ignore[arg-type]


def test_an_outbox_nobody_empties_is_stuck_and_one_that_is_tried_is_not() -> None:
    clock = FixedClock()
    world = memory_world(clock=clock)
    with world.store.unit_of_work() as work:
        work.enqueue(OutboxEntry("e1", "send", b"{}", due_at=clock.now()))
    assert checks(world)[1]["outbox"] == "ok"
    clock.advance(minutes=11)
    assert checks(world) == (503, {**checks(world)[1], "outbox": "stuck"})

    def fails(_: World, entry: OutboxEntry) -> None:
        raise Unavailable.of("http.unreachable", url="x", reason="y")

    OutboxWorker(world, {"send": fails}).run_once()
    assert checks(world)[1]["outbox"] == "ok"


def test_the_outbox_tells_codes_and_no_answers(lines: Lines) -> None:
    world = memory_world()

    def fails(_: World, entry: OutboxEntry) -> None:
        raise Unavailable.of("http.unreachable", url="https://x/?token=abcd", reason="efgh")

    def breaks(_: World, entry: OutboxEntry) -> None:
        raise ValueError("ijkl")

    with world.store.unit_of_work() as work:
        work.enqueue(OutboxEntry("e1", "fails", b'"mnop"'))
        work.enqueue(OutboxEntry("e2", "breaks", b'"mnop"'))
    OutboxWorker(world, {"fails": fails, "breaks": breaks}).run_once()
    assert [(one["entry"], one.get("code")) for one in lines.told] == [
        ("e1", "http.unreachable"),
        ("e2", None),
    ]
    said = json.dumps(lines.told)
    assert not any(secret in said for secret in ("abcd", "efgh", "ijkl", "mnop"))
