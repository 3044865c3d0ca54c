"""What a descriptor of the registry may hold: sizes, characters, members that must be there.

Bounds of the AAS API 3.1 as the OpenAPI document of the Tractus-X registry 0.12 has them
(Apache-2.0; read in source, 2026-11). Words and member paths of the answers are those that
registry gives, for clients look at them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding

MOST: Final = 2048
_PLAIN_SAYS: Final = (
    'must match "^([\\x09\\x0a\\x0d\\x20-\\ud7ff\\ue000-\\ufffd]|\\ud800[\\udc00-\\udfff]'
    '|[\\ud801-\\udbfe][\\udc00-\\udfff]|\\udbff[\\udc00-\\udfff])*$"'
)
_NOT_PLAIN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ID_SHORT: Final = re.compile("[a-zA-Z][a-zA-Z0-9_-]*[a-zA-Z0-9_]+")
_ID_SHORT_SAYS: Final = 'must match "^[a-zA-Z][a-zA-Z0-9_-]*[a-zA-Z0-9_]+$"'
_KINDS: Final = ("Instance", "NotApplicable", "Role", "Type")
_REFERENCES: Final = ("ExternalReference", "ModelReference")
_SECURITY: Final = ("NONE", "RFC_TLSA", "W3C_DID")


@dataclass(frozen=True, slots=True)
class Fault:
    """One member that is not as it must be, in the registry's own words."""

    member: str
    says: str


class FaultyDescriptor(FaultyInput):
    """A descriptor, or a question, that the interface does not allow."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(
            finding("twins.faulty-member", member=f.member, says=f.says) for f in faults
        )


@dataclass(frozen=True, slots=True)
class _Text:
    """A text: characters, and whether it has to be there."""

    least: int = 1
    most: int = MOST
    due: bool = False
    plain: bool = True
    choices: tuple[str, ...] = ()


# member -> what it holds: a text, an object by its rows, or a list of either
_Rows = Mapping[str, Any]
_KEY: Final[_Rows] = {"type": _Text(due=True), "value": _Text(due=True)}
_REFERENCE: Final[_Rows] = {"type": _Text(due=True, choices=_REFERENCES), "keys": [_KEY]}
_TEXTS: Final[_Rows] = {"language": _Text(due=True), "text": _Text(due=True, most=1023)}
_NAMES: Final[_Rows] = {"language": _Text(due=True), "text": _Text(due=True, most=128)}
_ADMINISTRATION: Final[_Rows] = {
    "version": _Text(most=4),
    "revision": _Text(most=4),
    "creator": _REFERENCE,
    "templateId": _Text(),
}
_PROTOCOL: Final[_Rows] = {
    "href": _Text(due=True, least=0, plain=False),
    "endpointProtocol": _Text(least=0, most=128, plain=False),
    "endpointProtocolVersion": [_Text(least=0, most=128, plain=False)],
    "subprotocol": _Text(least=0, most=128, plain=False),
    "subprotocolBody": _Text(least=0, plain=False),
    "subprotocolBodyEncoding": _Text(least=0, most=128, plain=False),
    "securityAttributes": [
        {
            "type": _Text(due=True, choices=_SECURITY),
            "key": _Text(due=True, least=0, plain=False),
            "value": _Text(due=True, least=0, plain=False),
        }
    ],
}
_ENDPOINT: Final[_Rows] = {
    "interface": _Text(due=True, least=0, most=128, plain=False),
    "protocolInformation": _PROTOCOL,
}
ASSET_ID: Final[_Rows] = {
    "name": _Text(due=True, most=64),
    "value": _Text(due=True),
    "semanticId": _REFERENCE,
    "supplementalSemanticIds": [_REFERENCE],
    "externalSubjectId": _REFERENCE,
}
ASSET_LINK: Final[_Rows] = {"name": _Text(due=True, most=64), "value": _Text(due=True)}
SUBMODEL: Final[_Rows] = {
    "id": _Text(due=True),
    "idShort": _Text(most=128),
    "administration": _ADMINISTRATION,
    "description": [_TEXTS],
    "displayName": [_NAMES],
    "semanticId": _REFERENCE,
    "supplementalSemanticId": [_REFERENCE],
    "supplementalSemanticIds": [_REFERENCE],
    "endpoints": [_ENDPOINT],
}
SHELL: Final[_Rows] = {
    "id": _Text(due=True),
    "idShort": _Text(most=128),
    "administration": _ADMINISTRATION,
    "description": [_TEXTS],
    "displayName": [_NAMES],
    "assetKind": _Text(choices=_KINDS),
    "assetType": _Text(),
    "globalAssetId": _Text(),
    "specificAssetIds": [ASSET_ID],
    "submodelDescriptors": [SUBMODEL],
    "endpoints": [_ENDPOINT],
}


def check(document: Any, rows: _Rows, at: str = "") -> None:
    """Nothing where the document is as the rows want it; members they do not name are free.

    Raises:
        FaultyDescriptor: everything that is wrong, by member.
    """
    faults = list(_object(document, rows, at))
    if faults:
        raise FaultyDescriptor(faults)


def _object(document: Any, rows: _Rows, at: str) -> Iterator[Fault]:
    if not isinstance(document, Mapping):
        yield Fault(at or "body", "must be an object")
        return
    for member, row in rows.items():
        place = f"{at}.{member}" if at else member
        value = document.get(member)
        if value is None:
            if isinstance(row, _Text) and row.due:
                yield Fault(place, "must not be null")
            continue
        yield from _value(value, row, place)
    short = document.get("idShort") if "idShort" in rows else None
    if isinstance(short, str) and not _ID_SHORT.fullmatch(short):
        yield Fault(f"{at}.idShort" if at else "idShort", _ID_SHORT_SAYS)


def _value(value: Any, row: Any, place: str) -> Iterator[Fault]:
    if isinstance(row, _Text):
        yield from _text(value, row, place)
    elif isinstance(row, list):
        if not isinstance(value, list):
            yield Fault(place, "must be a list")
            return
        for index, element in enumerate(value):
            yield from _value(element, row[0], f"{place}[{index}]")
    else:
        yield from _object(value, row, place)


def _text(value: Any, row: _Text, place: str) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault(place, "must be a text")
    elif row.choices and value not in row.choices:
        yield Fault(place, f"must be one of {', '.join(row.choices)}")
    elif not row.least <= len(value) <= row.most:
        yield Fault(place, f"size must be between {row.least} and {row.most}")
    elif row.plain and _NOT_PLAIN.search(value):
        yield Fault(place, _PLAIN_SAYS)
