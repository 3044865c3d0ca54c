"""The credentials of this node: list them, take one in from a file, ask an issuer for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable
from saltbridge.core.finding import Finding, finding
from saltbridge.formats import dcp
from saltbridge.ports import StoredRecord, UnitOfWork, World
from saltbridge.steps.credential_check import (
    checked_credential,
    genuine_credential,
    issuer_document,
)
from saltbridge.steps.identity import is_trusted, sign_in_token, trusted_issuers
from saltbridge.steps.own_credentials import (
    OFFER,
    REQUEST,
    in_force,
    keep_own,
    own_credentials,
)
from saltbridge.steps.records import document, every
from saltbridge.steps.standing import HELD
from saltbridge.trust.did import iso
from saltbridge.trust.verifiable_credential import PROFILE_1_1, Credential

REFUSED: Final = "sign-in-refused"
_LIMIT_BYTES: Final = 500_000
_SECONDS: Final = 10.0
_SOON: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class HeldHere:
    """A credential of this node, and why it does not hold; ``fault`` None: it holds.

    ``ends_soon``: it holds, and its successor should be asked for.
    """

    credential: Credential
    received_at: str
    fault: Finding | None
    ends_soon: bool = False


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """Why the last call in the name of a partner was refused here."""

    partner: str
    at: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class IdentityState:
    """What a person should know about how this node is known to others."""

    held: tuple[HeldHere, ...]
    missing: tuple[str, ...]
    requests: tuple[dict[str, Any], ...]
    offers: tuple[dict[str, Any], ...]
    refused: tuple[RefusedCall, ...]
    issuers: tuple[str, ...]


def state(world: World) -> IdentityState:
    """Credentials held and missing, what was asked for and offered, calls refused lately.

    Status lists are asked for; what cannot be told is told so.
    """
    with world.store.reading() as view:
        owned = own_credentials(view)
        requests = tuple({"pid": r.id, **read_json(r.body)} for r in every(view, REQUEST))
        offers = tuple(read_json(r.body) for r in every(view, OFFER))
        refused = tuple(
            _refused(read_json(r.body)) for r in every(view, REFUSED) if not _settled(view, r)
        )
    soon = world.clock.now() + _SOON
    held = tuple(
        HeldHere(
            own.credential,
            iso(own.received_at),
            _fault(world, own.jwt),
            own.credential.expires <= soon,
        )
        for own in owned
    )
    there = {h.credential.type for h in held if h.fault is None}
    missing = tuple(t for t in world.credential_profile.required if t not in there)
    return IdentityState(
        held, missing, requests, offers, refused, tuple(trusted_issuers(world))
    )


def missing_by_record(world: World) -> tuple[str, ...]:
    """Types the dataspace asks for that this node cannot show, by what is stored alone."""
    with world.store.reading() as view:
        held = in_force(own_credentials(view), world.clock.now())
    there = {own.credential.type for own in held}
    return tuple(t for t in world.credential_profile.required if t not in there)


def _settled(view: UnitOfWork, refusal: StoredRecord) -> bool:
    """Whether the partner has shown all that is asked for since it was refused."""
    shown = view.get(HELD, refusal.id)
    return shown is not None and shown.written_at > refusal.written_at


def _fault(world: World, jwt: str) -> Finding | None:
    try:
        checked_credential(world, jwt, world.node.did)
    except SaltbridgeError as fault:
        return fault.findings[0]
    return None


def _refused(record: dict[str, Any]) -> RefusedCall:
    told = tuple(Finding(f["code"], f["arguments"]) for f in record["findings"])
    return RefusedCall(record["partner"], record["at"], told)


def import_credential(world: World, jwt: str, name: str) -> Credential:
    """Keep a credential from a file, once it is known to be genuine and this node's own.

    Raises:
        NotVerified: see ``credential_check``.
        Unavailable: its issuer's DID document cannot be fetched.
    """
    credential, _ = genuine_credential(world, jwt.strip(), world.node.did)
    with world.store.unit_of_work() as work:
        keep_own(work, world, jwt.strip(), credential, name)
    return credential


def request_credentials(world: World, issuer: str, types: Sequence[str] = ()) -> str:
    """Ask an issuer for credentials of these types (else all the dataspace asks for).

    Returns the name of the request: the issuer delivers to this node's credential service,
    which has to be served. The request is kept before it is sent.

    Raises:
        FaultyInput: the issuer is not trusted here, or does not offer a type.
        Refused: the issuer refused the request.
        Unavailable: it cannot be reached, or has no issuer service.
    """
    if not is_trusted(world, issuer):
        raise FaultyInput([finding("identity.issuer-untrusted", issuer=issuer[:200], type="?")])
    address = issuer_document(world, issuer).service_url(dcp.ISSUER_SERVICE)
    if address is None:
        raise Unavailable.of("identity.no-issuer-service", issuer=issuer)
    base = address.rstrip("/")
    wanted = list(types) or list(world.credential_profile.required)
    chosen = _chosen(world, issuer, base, wanted)
    pid = world.identifiers.urn_uuid()
    body = {
        "issuer": issuer,
        "types": wanted,
        "status": "REQUESTED",
        "at": iso(world.clock.now()),
        "reason": "",
    }
    with world.store.unit_of_work() as work:
        work.put(REQUEST, pid, canonical_bytes(body), expected_version=0)
    answer = world.http.send(
        "POST",
        f"{base}/credentials",
        headers={
            "authorization": f"Bearer {sign_in_token(world, issuer)}",
            "content-type": "application/json",
        },
        content=dcp.render(dcp.render_request(dcp.CredentialRequest(pid, tuple(chosen)))),
        limit_bytes=_LIMIT_BYTES,
        timeout_seconds=_SECONDS,
    )
    if answer.status != 201:
        _note_refusal(world, pid, f"HTTP {answer.status}")
        raise Refused.of("identity.request-refused", issuer=issuer, status=answer.status)
    return pid


def request_status(world: World, pid: str) -> str:
    """How a request stands: REQUESTED, ISSUED or REJECTED; empty for none of ours."""
    with world.store.reading() as view:
        record = document(view, REQUEST, pid)
    return str(record["status"]) if record else ""


def _note_refusal(world: World, pid: str, reason: str) -> None:
    with world.store.unit_of_work() as work:
        record = document(work, REQUEST, pid)
        if record is not None and record["status"] == "REQUESTED":
            told = {**record, "status": dcp.REJECTED, "reason": reason}
            work.put(REQUEST, pid, canonical_bytes(told))


def _chosen(world: World, issuer: str, base: str, wanted: Sequence[str]) -> list[str]:
    """Ids of the issuer's offers for these types, in the profile of Catena-X if it has it."""
    answer = world.http.send(
        "GET",
        f"{base}/metadata",
        headers={"authorization": f"Bearer {sign_in_token(world, issuer)}"},
        limit_bytes=_LIMIT_BYTES,
        timeout_seconds=_SECONDS,
    )
    if answer.status != 200:
        raise Unavailable.of("identity.no-issuer-service", issuer=issuer)
    named, offered = dcp.parse_metadata(answer.content)
    if named != issuer:
        raise FaultyInput.of("identity.message-faulty", member="issuer")
    chosen = []
    for type in wanted:
        fitting = [o for o in offered if o.type == type and o.profile in dcp.PROFILES]
        if not fitting:
            raise FaultyInput.of("identity.issuer-offers-not", issuer=issuer, type=type[:80])
        fitting.sort(key=lambda o: o.profile != PROFILE_1_1)
        chosen.append(fitting[0].id)
    return chosen
