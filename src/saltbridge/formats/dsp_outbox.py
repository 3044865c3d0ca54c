"""What waits in the outbox to be said to a peer: our own format, read and written here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.exchange.messages import NegotiationMessage, TransferMessage
from saltbridge.exchange.model import DataAddress, Negotiation, Transfer
from saltbridge.formats.dsp import parse_data_address, render_data_address, render_message

SEND = "dsp.send"
FETCH = "exchange.fetch"
PUSH = "exchange.push"
REQUEST_TRANSFER = "exchange.request-transfer"

ProcessKind: TypeAlias = Literal["negotiation", "transfer"]


@dataclass(frozen=True, slots=True)
class Sending:
    """A message of a process that waits to be sent. ``state`` is the one it asks for."""

    kind: ProcessKind
    pid: str
    state: str
    message: Mapping[str, Any]


def render_sending(
    process: Negotiation | Transfer, message: NegotiationMessage | TransferMessage
) -> bytes:
    """The waiting message as canonical JSON."""
    return canonical_bytes(
        {
            "kind": "transfer" if isinstance(process, Transfer) else "negotiation",
            "pid": process.pid,
            "state": str(message.target),
            "message": render_message(message),
        }
    )


def parse_sending(body: bytes) -> Sending:
    """The waiting message."""
    document = read_json(body)
    return Sending(document["kind"], document["pid"], document["state"], document["message"])


def render_fetch(pid: str, address: DataAddress) -> bytes:
    """A pull that waits to be done, as canonical JSON."""
    return canonical_bytes({"pid": pid, "address": render_data_address(address)})


def parse_fetch(body: bytes) -> tuple[str, DataAddress]:
    """The transfer's pid and where to pull from."""
    document = read_json(body)
    return document["pid"], parse_data_address(document["address"])


def render_push(pid: str) -> bytes:
    """A push that waits to be done, as canonical JSON; the process knows where to."""
    return canonical_bytes({"pid": pid})


def parse_push(body: bytes) -> str:
    """The transfer's pid."""
    return str(read_json(body)["pid"])


def render_transfer_wanted(agreement_id: str, consumer_pid: str, format: str) -> bytes:
    """A transfer that waits to be asked for, as canonical JSON; no format: the usual way."""
    return canonical_bytes(
        {"agreement_id": agreement_id, "consumer_pid": consumer_pid, "format": format}
    )


def parse_transfer_wanted(body: bytes) -> tuple[str, str, str]:
    """Agreement, pid and format of a transfer that is to be asked for."""
    document = read_json(body)
    # Entries of before named no format.
    return document["agreement_id"], document["consumer_pid"], document.get("format", "")
