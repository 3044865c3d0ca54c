"""Whether a credential says what its kind has to say: Catena-X's kinds, and named schemas.

CX-0050 v2.2.1 (members of Membership, BPN and framework credentials; transcribed, read
2026-11-28), written down here as our own JSON Schemas for VC 1.1 and, with the names of its
validity turned, for 2.0. A schema that a credential names itself (``credentialSchema``) is
handed in as bytes: nothing is fetched here, and a schema that wants more fetched is refused.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from jsonschema_rs import (
    Draft202012Validator,
    ReferencingError,
    RegexOptions,
    ValidationError,
    validator_for,
)

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Finding
from saltbridge.trust.held import BPN, GOVERNANCE, MEMBERSHIP
from saltbridge.trust.suites import NotVerified
from saltbridge.trust.verifiable_credential import PROFILE_2_0, Credential

MAX_SCHEMA_BYTES: Final = 256_000
WHOLE: Final = "JsonSchema"  # VC JSON Schema: the credential; the older type: its claims
_TEXT: Final = {"type": "string", "minLength": 1}
_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
_MOMENT: Final = {"type": "string", "format": "date-time"}
_SUBJECTS: Final[Mapping[str, Mapping[str, Any]]] = {
    MEMBERSHIP: {"id": _TEXT, "memberOf": _TEXT, "holderIdentifier": _TEXT},
    BPN: {"id": _TEXT, "bpn": _TEXT, "holderIdentifier": _TEXT},
    GOVERNANCE: {
        "id": _TEXT,
        "holderIdentifier": _TEXT,
        "group": {"const": "UseCaseFramework"},
        "useCase": _TEXT,
        "contractTemplate": _TEXT,
        "contractVersion": _TEXT,
    },
}
_MAY_LACK_STATUS: Final = frozenset({BPN})  # its schema does not require one


def _schema(type: str, profile: str) -> dict[str, Any]:
    begins, ends = "issuanceDate", "expirationDate"
    if profile == PROFILE_2_0:
        begins, ends = "validFrom", "validUntil"
    subject = _SUBJECTS[type]
    members: dict[str, Any] = {
        "id": _TEXT,
        "type": _TEXTS,
        "issuer": {"anyOf": [_TEXT, {"type": "object", "required": ["id"]}]},
        "@context": _TEXTS,
        begins: _MOMENT,
        ends: _MOMENT,
        "credentialSubject": {
            "type": "object",
            "required": list(subject),
            "properties": dict(subject),
        },
    }
    required = list(members)
    members["credentialStatus"] = {"type": ["object", "array"]}
    if type not in _MAY_LACK_STATUS:
        required.append("credentialStatus")
    return {"type": "object", "required": required, "properties": members}


@lru_cache(maxsize=16)
def _validator(type: str, profile: str) -> Draft202012Validator:
    return Draft202012Validator(_schema(type, profile), validate_formats=True)


def check_kind(credential: Credential) -> None:
    """Return if a credential of Catena-X says what CX-0050 asks; other types are not judged.

    Raises:
        NotVerified: it lacks a member, or one is of another kind.
    """
    for type in credential.types:
        if type in _SUBJECTS:
            fault = next(
                _validator(type, credential.profile).iter_errors(_plain(credential)), None
            )
            if fault is not None:
                raise _violated(type, fault)


def named_schemas(credential: Credential) -> list[tuple[str, str]]:
    """Address and type of the schemas the credential names itself.

    Raises:
        NotVerified: malformed, or more than three.
    """
    stated = credential.body.get("credentialSchema") or []
    listed = stated if isinstance(stated, list) else [stated]
    found = [
        (entry.get("id"), entry.get("type")) for entry in listed if isinstance(entry, Mapping)
    ]
    sound = all(isinstance(text, str) and text for pair in found for text in pair)
    if len(found) != len(listed) or len(found) > 3 or not sound:
        raise NotVerified.of("trust.malformed", reason="credentialSchema")
    return [(str(address), str(type)) for address, type in found]


def check_named(credential: Credential, schema: bytes, *, address: str, type: str) -> None:
    """Return if the credential keeps to a schema it names.

    ``JsonSchema`` is about the whole credential. ``JsonSchemaValidator2018`` leaves it open:
    a schema that names ``credentialSubject`` is about the whole, any other about the claims.

    Raises:
        NotVerified: it does not, or the schema cannot be used.
    """
    try:
        document = read_json(schema, address)
        if not isinstance(document, dict):
            raise TypeError("a schema is an object")
        # a linear engine: no pattern of theirs can take for ever
        validator = validator_for(document, offline=True, pattern_options=RegexOptions())
        properties = document.get("properties")
        whole = type == WHOLE or "credentialSubject" in (properties or {})
        judged = _plain(credential) if whole else dict(credential.subject)
        fault = next(validator.iter_errors(judged), None)
    except (
        FaultyInput,
        ReferencingError,
        ValidationError,
        ValueError,
        TypeError,
    ) as reason:
        raise NotVerified.of("identity.schema-unusable", schema=address[:200]) from reason
    if fault is not None:
        raise _violated(credential.type or "?", fault)


def _plain(credential: Credential) -> dict[str, Any]:
    return {**credential.body, "credentialSubject": dict(credential.subject)}


def _violated(type: str, fault: ValidationError) -> NotVerified:
    place = "".join(f"/{step}" for step in fault.instance_path)
    arguments = {"type": type[:80], "place": place or "/", "reason": fault.message[:200]}
    return NotVerified([Finding("identity.schema-violated", arguments)])
