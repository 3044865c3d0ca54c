"""What a connector of DSP 2025-1 answers: process states, errors, the version document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from saltbridge.core.canonical import read_json
from saltbridge.exchange.model import Negotiation, NegotiationState, Transfer
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1, Profile
from saltbridge.formats.dsp import parse_document, reasons_of
from saltbridge.formats.dsp_schema import check

UNKNOWN_PID = "urn:uuid:00000000-0000-0000-0000-000000000000"  # errors must name both pids

ErrorKind: TypeAlias = Literal["CatalogError", "ContractNegotiationError", "TransferError"]


def render_process(process: Negotiation | Transfer) -> dict[str, Any]:
    """The state of a process. Before the first acknowledgement it is what was asked for."""
    state = process.state
    if state == NegotiationState.START:
        state = process.outgoing or state
    return {
        "@context": list(DSP_2025_1.contexts),
        "@type": "TransferProcess" if isinstance(process, Transfer) else "ContractNegotiation",
        "providerPid": process.provider_pid or UNKNOWN_PID,
        "consumerPid": process.consumer_pid or UNKNOWN_PID,
        "state": str(state),
    }


def parse_process(content: bytes) -> tuple[str, str, str]:
    """Provider pid, consumer pid and state of a ContractNegotiation or TransferProcess.

    Raises:
        FaultyJson, NotDsp: not such a document.
    """
    document = parse_document(content, "ContractNegotiation", "TransferProcess")
    return document["providerPid"], document["consumerPid"], document["state"]


def render_error(
    kind: ErrorKind,
    code: str,
    reason: Iterable[str] = (),
    *,
    provider_pid: str = "",
    consumer_pid: str = "",
) -> dict[str, Any]:
    """An error body; errors of a process name both pids, the nil UUID where unknown."""
    document: dict[str, Any] = {"@context": list(DSP_2025_1.contexts), "@type": kind}
    if kind != "CatalogError":
        document["providerPid"] = provider_pid or UNKNOWN_PID
        document["consumerPid"] = consumer_pid or UNKNOWN_PID
    document["code"] = code
    reasons = list(reason)
    return {**document, "reason": reasons} if reasons else document


def parse_error(content: bytes) -> tuple[str, tuple[str, ...]]:
    """Code and reasons of an error body.

    Raises:
        FaultyJson, NotDsp: not an error body.
    """
    document = parse_document(
        content, "CatalogError", "ContractNegotiationError", "TransferError"
    )
    return document.get("code", ""), reasons_of(document)


_SELF_ISSUED: Final = {"protocol": "self-issued-jwt", "version": "1"}
_DCP: Final = {"protocol": "DCP", "version": "1.0", "profile": ["vc11-sl2021/jwt"]}


def render_versions(
    profile: Profile, service_id: str, *, with_credentials: bool = False
) -> dict[str, Any]:
    """The version document: which protocol is spoken, where, and how callers sign in.

    ``with_credentials``: by the Decentralized Claims Protocol (CX-0018, version metadata).
    """
    return {
        "protocolVersions": [
            {
                "version": profile.version,
                "path": profile.path,
                "binding": profile.binding,
                "serviceId": service_id,
                "identifierType": profile.identifier_type,
                "auth": dict(_DCP if with_credentials else _SELF_ISSUED),
            }
        ]
    }


@dataclass(frozen=True, slots=True)
class SpokenVersion:
    """A version of the protocol that a connector speaks: where, and how callers sign in."""

    version: str
    path: str
    auth: str = ""  # protocol of the sign-in, where it is told
    service_id: str = ""  # whose connector it is, where it is told


def parse_versions(content: bytes) -> Mapping[str, str]:
    """Path by version of the protocol, for the HTTPS binding.

    Raises:
        FaultyJson, NotDsp: not a version document.
    """
    return {spoken.version: spoken.path for spoken in parse_spoken(content)}


def parse_spoken(content: bytes) -> tuple[SpokenVersion, ...]:
    """The versions of a version document.

    Raises:
        FaultyJson, NotDsp: not a version document.
    """
    document = read_json(content)
    check(document, "common/protocol-version")
    return tuple(
        SpokenVersion(
            v["version"],
            v["path"],
            str((v.get("auth") or {}).get("protocol", "")),
            str(v.get("serviceId", "")),
        )
        for v in document["protocolVersions"]
    )
