"""A partner's first request begins one process, however often it arrives."""

from typing import TypeAlias

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.exchange import messages as m
from saltbridge.exchange.model import Refusal
from saltbridge.ports import Partner, UnitOfWork
from saltbridge.steps.records import document

FirstMessage: TypeAlias = m.ContractRequest | m.ContractOffer | m.TransferRequest
_KIND = "peer-process"


def begun_by(
    view: UnitOfWork,
    kind: str,
    partner: Partner,
    request: FirstMessage,
) -> str | Refusal | None:
    """The pid of the process this request began before; None if it is the first.

    A refusal where the partner used the same pid for another request.
    """
    first = document(view, _KIND, _key(kind, partner, request))
    if first is None:
        return None
    if first["fingerprint"] != m.fingerprint(request):
        return Refusal("exchange.pid-in-use", {"pid": _their_pid(request)})
    return str(first["pid"])


def remember_begun(
    work: UnitOfWork,
    kind: str,
    partner: Partner,
    request: FirstMessage,
    pid: str,
) -> None:
    """Keep which process the request began."""
    work.put(
        _KIND,
        _key(kind, partner, request),
        canonical_bytes({"pid": pid, "fingerprint": m.fingerprint(request)}),
        expected_version=0,
    )


def _key(kind: str, partner: Partner, request: FirstMessage) -> str:
    return digest(f"{kind} {partner.bpn} {_their_pid(request)}".encode())


def _their_pid(request: FirstMessage) -> str:
    if isinstance(request, m.ContractOffer):
        return request.provider_pid
    return request.consumer_pid
