"""A store with something in every table, for tests of audits and of faults."""

import base64

from saltbridge.border.release import reopen
from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.ports import LogEvent, OutboxEntry, Store, UnitOfWork
from saltbridge.testing.builders import NOON

ALIKE = 5  # records, and releases, that are put in one batch a round


def checkpoint_body(origin: str, size: int, root: bytes) -> bytes:
    """A checkpoint as a note with a signature line that nobody made."""
    encoded = base64.b64encode(root).decode()
    return f"{origin}\n{size}\n{encoded}\n\n— {origin} AAAAAAAA\n".encode()


def fill(store: Store, rounds: int = 6) -> None:
    """Documents in several versions, releases, leaves with what they were made for, a
    checkpoint a round, messages that wait, failed and were postponed."""
    for number in range(rounds):
        with store.unit_of_work() as work:
            name = f"urn:uuid:00000000-0000-4000-8000-{number:012}"
            decided = canonical_bytes({"id": name, "verdict": "released", "名": "电芯"})
            work.put("decision", name, decided, expected_version=0)
            work.append_leaf("border.decided", name, decided)
            let_go = canonical_bytes({"footprint": number, "text": "é" * number})
            work.put_release(
                reopen(
                    let_go,
                    expected_digest=digest(let_go),
                    media_type="application/json",
                    decision_id=name,
                    audience="BPNL000000000OEM",
                    purpose="passport",
                )
            )
            work.append_leaf("release.kept", name, let_go)
            events = []
            for state in ("requested", "agreed"):
                body = canonical_bytes({"pid": name, "state": state})
                work.put("negotiation", name, body)
                events.append(LogEvent(f"negotiation.{state}", f"{name} é 电", body))
            work.append_leaves(events)
            work.put("sign-in", name, b"{}")
            work.enqueue(OutboxEntry(f"waits-{number}", "send", decided, name))
            work.enqueue(OutboxEntry(f"late-{number}", "send", b"{}", due_at=NOON))
            work.postpone(f"late-{number}", NOON, "peer is away: 对方不在线")
            work.enqueue(OutboxEntry(f"done-{number}", "send", b"{}"))
            work.done(f"done-{number}")
            size, root = work.log_size(), work.log_root()
            _put_alike(work, number)
            note = checkpoint_body("cells.example/log", size, root)
            work.put("log-checkpoint", f"{size:020}", note, expected_version=0)


def _put_alike(work: UnitOfWork, number: int) -> None:
    """Records and releases of one batch, which are stored on what they share."""
    alike = {f"{number}-{n}": canonical_bytes([list(range(200)), n]) for n in range(ALIKE)}
    work.put_new("passport-version", alike)
    work.put_releases(
        reopen(
            content,
            expected_digest=digest(content),
            media_type="application/json",
            decision_id=f"urn:uuid:00000000-0000-4000-8001-{number:012}",
            audience="public",
            purpose="passport",
        )
        for content in alike.values()
    )
