"""A test issuer: gives credentials of Catena-X's kinds to whoever was entered by hand.

For trials on one machine, so that a whole dataspace runs there. Its key lies open in a file and
nobody outside believes it; a real dataspace names its own issuer. DCP 1.0.1, issuance.
"""

import gzip
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.identifiers import did_web
from saltbridge.formats import dcp
from saltbridge.ports import Clock, DidResolver, HttpClient, Identifiers
from saltbridge.testing.issuer_state import IssuerKey, IssuerState, read_state, write_state
from saltbridge.trust import signature
from saltbridge.trust.did import (
    CREDENTIAL_SERVICE,
    DidDocument,
    KeyUse,
    ServiceEndpoint,
    VerificationKey,
    build_did_document,
    iso,
    parse_did_document,
)
from saltbridge.trust.held import BPN, GOVERNANCE, MEMBERSHIP
from saltbridge.trust.self_issued import check, self_issued_token, stated_caller
from saltbridge.trust.spelling import base64url
from saltbridge.trust.suites import NotVerified
from saltbridge.trust.verifiable_credential import (
    CONTEXT_1_1,
    CONTEXT_2_0,
    PROFILE_1_1,
    PROFILE_2_0,
)

TYPES: Final = (MEMBERSHIP, BPN, GOVERNANCE)
LIFE: Final = timedelta(days=90)
PLACES: Final = 131_072  # the least a list has (Bitstring Status List, 6.1)
_PURPOSE: Final = "revocation"
# The clocks of a trial are one machine's; the official kit calls a minute "in the future".
_EARLY: Final = timedelta(seconds=30)
_CATENA_X: Final = "https://w3id.org/catenax/credentials/v1.0.0"


@dataclass
class _Asked:
    """A request, and how it stands."""

    member: str
    holder_pid: str
    ids: tuple[str, ...]
    status: str = dcp.RECEIVED


@dataclass
class TestIssuer:
    """The issuer at work. State is read at every look, so that commands beside it count."""

    __test__ = False  # no test class, whatever its name

    folder: Path
    clock: Clock
    identifiers: Identifiers
    http: HttpClient
    resolver: DidResolver
    types: tuple[str, ...] = TYPES
    _used: dict[str, datetime] = field(default_factory=dict)
    _requests: dict[str, "_Asked"] = field(default_factory=dict)

    @property
    def state(self) -> IssuerState:
        """As the folder has it now."""
        return read_state(self.folder)

    @property
    def did(self) -> str:
        """Its did:web, by its address."""
        return did_web(self.state.url)

    @property
    def signer(self) -> IssuerKey:
        """Its one key."""
        return IssuerKey(f"{self.did}#key-1", self.state.key)

    def did_document(self) -> dict[str, Any]:
        """With its issuer service."""
        signer = self.signer
        service = ServiceEndpoint(f"{self.did}#issuer", dcp.ISSUER_SERVICE, self.state.url)
        key = VerificationKey(signer.key_id, signer.public_jwk())
        return build_did_document(DidDocument(self.did, (key,), (service,)))

    def metadata(self) -> dict[str, Any]:
        """Every type it gives, in both profiles."""
        return dcp.render_metadata(self.did, self._offered())

    def _offered(self) -> list[dcp.CredentialObject]:
        return [
            dcp.CredentialObject(
                f"{type}/{profile.partition('-')[0]}", type, profile, "issuance"
            )
            for profile in dcp.PROFILES
            for type in self.types
        ]

    # Requests

    def take_request(self, token: str, content: bytes) -> str:
        """Note what a member asks for; returns the issuer's name of the request.

        Raises:
            NotVerified: no member, or not its token.
            FaultyInput: no request, or for something that is not offered.
        """
        member = self._member(token)
        request = dcp.parse_request(content)
        known = {o.id for o in self._offered()}
        if not known.issuperset(request.ids):
            raise dcp.Unsupported.of("identity.message-faulty", member="credentials")
        pid = self.identifiers.urn_uuid()
        self._requests[pid] = _Asked(member, request.holder_pid, request.ids)
        return pid

    def request_status(self, token: str, pid: str) -> dict[str, Any] | None:
        """How a request stands, to who made it; None to anybody else."""
        member = self._member(token)
        asked = self._requests.get(pid)
        if asked is None or asked.member != member:
            return None
        return dcp.render_status(pid, asked.holder_pid, asked.status)

    def deliver(self, pid: str) -> int:
        """Send the credentials of a request to the holder's credential service; its status."""
        asked = self._requests[pid]
        offered = {o.id: o for o in self._offered()}
        made = [
            dcp.CredentialContainer(
                o.type, self.credential(asked.member, o.type, o.profile), o.profile
            )
            for o in (offered[id] for id in asked.ids)
        ]
        message = dcp.CredentialMessage(pid, asked.holder_pid, dcp.ISSUED, tuple(made))
        status = self._send(asked.member, "/credentials", dcp.render_credentials(message))
        asked.status = dcp.ISSUED if status < 300 else dcp.RECEIVED
        return status

    def offer(self, member: str) -> int:
        """Offer a member every credential anew; returns the answer's status."""
        return self._send(
            member, "/offers", dcp.render_offer(self.did, self._offered()[: len(self.types)])
        )

    def _send(self, member: str, path: str, message: Mapping[str, Any]) -> int:
        document = parse_did_document(self.resolver.resolve(member), did=member)
        address = document.service_url(CREDENTIAL_SERVICE) or ""
        token = self_issued_token(
            caller=self.did,
            called=member,
            jti=self.identifiers.urn_uuid(),
            now=self.clock.now(),
            signer=self.signer,
        )
        return self.http.send(
            "POST",
            f"{address.rstrip('/')}{path}",
            headers={
                "authorization": f"Bearer {token}",
                "content-type": "application/json",
            },
            content=dcp.render(message),
        ).status

    def _member(self, token: str) -> str:
        did = stated_caller(token)
        if did not in self.state.members:
            raise NotVerified.of("identity.issuer-knows-not", did=did[:200])
        document = parse_did_document(self.resolver.resolve(did), did=did)
        now = self.clock.now()
        caller = check(
            token,
            called=self.did,
            did_document=document,
            now=now,
            use=KeyUse.CAPABILITY,
            early=_EARLY,
        )
        self._used = {jti: until for jti, until in self._used.items() if until > now}
        if caller.jti in self._used:
            raise NotVerified.of("trust.token-replayed", jti=caller.jti[:80])
        self._used[caller.jti] = caller.expires
        return did

    # Credentials

    def credential(self, member: str, type: str, profile: str = PROFILE_1_1) -> str:
        """A signed credential for a member; its place in the status list is taken."""
        state = self.state
        index = len(state.issued)
        state.issued.append({"member": member, "type": type, "profile": profile})
        write_state(self.folder, state)
        now, two = self.clock.now(), profile == PROFILE_2_0
        ends = now + LIFE
        kind, entry = _LISTS[profile]
        address = f"{state.url}/status/{kind}"
        body: dict[str, Any] = {
            "@context": [CONTEXT_2_0 if two else CONTEXT_1_1, _CATENA_X],
            "id": self.identifiers.urn_uuid(),
            "type": ["VerifiableCredential", type],
            "issuer": self.did,
            "validFrom" if two else "issuanceDate": iso(now),
            "validUntil" if two else "expirationDate": iso(ends),
            "credentialStatus": {
                "id": f"{address}#{index}",
                "type": entry,
                "statusPurpose": _PURPOSE,
                "statusListIndex": str(index),
                "statusListCredential": address,
            },
            "credentialSubject": _subject(member, state.members[member], type),
        }
        return self._signed(body, profile, now, ends, subject=member)

    def status_list(self, kind: str) -> str:
        """The signed list of one kind, or an empty text where there is none."""
        profile = next((p for p, (name, _) in _LISTS.items() if name == kind), "")
        if not profile:
            return ""
        state, now = self.state, self.clock.now()
        two, ends = profile == PROFILE_2_0, now + timedelta(minutes=10)
        bits = bytearray(PLACES // 8)
        for index in state.revoked:
            bits[index // 8] |= 0x80 >> index % 8
        packed = gzip.compress(bytes(bits), mtime=0)
        address = f"{state.url}/status/{kind}"
        name = "BitstringStatusList" if two else "StatusList2021"
        body: dict[str, Any] = {
            "@context": [CONTEXT_2_0 if two else CONTEXT_1_1],
            "id": address,
            "type": ["VerifiableCredential", f"{name}Credential"],
            "issuer": self.did,
            "validFrom" if two else "issuanceDate": iso(now),
            "validUntil" if two else "expirationDate": iso(ends),
            "credentialSubject": {
                "id": f"{address}#list",
                "type": name,
                "statusPurpose": _PURPOSE,
                "encodedList": f"u{base64url(packed)}" if two else b64encode(packed).decode(),
            },
        }
        return self._signed(body, profile, now, ends, subject=f"{address}#list")

    def _signed(
        self, body: dict[str, Any], profile: str, now: datetime, ends: datetime, *, subject: str
    ) -> str:
        members: dict[str, Any] = body
        if profile == PROFILE_1_1:
            members = {
                "iss": self.did,
                "sub": subject,
                "jti": body["id"],
                "nbf": int(now.timestamp()),
                "exp": int(ends.timestamp()),
                "vc": body,
            }
        signer = self.signer
        unsigned = signature.prepare(
            canonical_bytes(members),
            key_id=signer.key_id,
            suite=signer.suite,
            typ="vc+jwt" if profile == PROFILE_2_0 else "JWT",
        )
        return signature.assemble(unsigned, signer.sign(unsigned.signing_input))


_LISTS: Final[Mapping[str, tuple[str, str]]] = {
    PROFILE_1_1: ("statuslist2021", "StatusList2021Entry"),
    PROFILE_2_0: ("bitstring", "BitstringStatusListEntry"),
}


def _subject(did: str, bpn: str, type: str) -> dict[str, str]:
    told = {"id": did, "holderIdentifier": bpn}
    if type == BPN:
        return {**told, "bpn": bpn}
    if type == GOVERNANCE:
        return {
            **told,
            "group": "UseCaseFramework",
            "useCase": "DataExchangeGovernance",
            "contractTemplate": "urn:saltbridge:test-contract",
            "contractVersion": "1.0",
        }
    return {**told, "memberOf": "Catena-X"}
