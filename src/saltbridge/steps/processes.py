"""Storing a negotiation or transfer together with its trace in the log."""

from collections.abc import Mapping
from typing import Any, TypeVar

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput
from saltbridge.exchange.model import Negotiation, Transfer
from saltbridge.exchange.records import negotiation_record, transfer_record
from saltbridge.ports import UnitOfWork
from saltbridge.steps.explaining import see_that_it_is_explained
from saltbridge.steps.records import document

P = TypeVar("P", Negotiation, Transfer)


def known(process: P | None, pid: str) -> P:
    """The process that was looked up for a person.

    Raises:
        FaultyInput: there is none of that pid.
    """
    if process is None:
        raise FaultyInput.of("exchange.process-unknown", pid=pid)
    return process


def keep_process(work: UnitOfWork, process: Negotiation | Transfer) -> None:
    """Store a process; a log leaf when it came to another state or its door opened.

    Events are ``negotiation.<state>`` and ``transfer.<state>``, and ``transfer.opened`` where
    a token opened our data plane: from then on the data may have left. Where it failed, why is
    kept beside it.
    """
    if isinstance(process, Transfer):
        kind, record = "transfer", transfer_record(process)
    else:
        kind, record = "negotiation", negotiation_record(process)
    before: Mapping[str, Any] = document(work, kind, process.pid) or {}
    body = canonical_bytes(record)
    work.put(kind, process.pid, body)
    see_that_it_is_explained(work, process.pid, before, record)
    if before.get("state") != record["state"]:
        work.append_leaf(f"{kind}.{record['state'].lower()}", process.pid, body)
    token = record.get("token_digest", "")
    if record["role"] == "provider" and token and token != before.get("token_digest"):
        work.append_leaf("transfer.opened", process.pid, body)
