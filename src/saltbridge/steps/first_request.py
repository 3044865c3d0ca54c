"""A partner's first request begins one process, however often it arrives."""

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import Refusal
from saltbridge.ports import Partner, UnitOfWork
from saltbridge.steps.records import document

_KIND = "peer-process"


def begun_by(
    view: UnitOfWork,
    kind: str,
    partner: Partner,
    request: m.ContractRequest | m.TransferRequest,
) -> str | Refusal | None:
    """The pid of the process this request began before; None if it is the first.

    A refusal where the partner used the same pid for another request.
    """
    first = document(view, _KIND, _key(kind, partner, request.consumer_pid))
    if first is None:
        return None
    if first["fingerprint"] != m.fingerprint(request):
        return Refusal("exchange.pid-in-use", {"pid": request.consumer_pid})
    return str(first["pid"])


def remember_begun(
    work: UnitOfWork,
    kind: str,
    partner: Partner,
    request: m.ContractRequest | m.TransferRequest,
    pid: str,
) -> None:
    """Keep which process the request began."""
    work.put(
        _KIND,
        _key(kind, partner, request.consumer_pid),
        canonical_bytes({"pid": pid, "fingerprint": m.fingerprint(request)}),
        expected_version=0,
    )


def _key(kind: str, partner: Partner, consumer_pid: str) -> str:
    return digest(f"{kind} {partner.bpn} {consumer_pid}".encode())
