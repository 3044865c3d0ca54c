"""Notifications of Catena-X (CX-0151): the header 3.0.0, and news of submodels.

The context has two spellings in the standards: we write the one of CX-0160 and read both. Path
and members: CX-0160 and CX-0151 as transcribed in careful secondary notes. Read: 2026-11;
confidence: secondary.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from saltbridge.core.canonical import FaultyJson, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.identifiers import is_bpn
from saltbridge.exchange.twins import TwinEvent

PATH: Final = "submodel-update"
CONTEXT: Final = "IndustryCore-DigitalTwinEvent-SubmodelUpdate:3.0.0"
_CONTEXTS: Final = (CONTEXT, "IndustryCore-DigitalTwinEventAPI-SubmodelUpdate:3.0.0")
_KINDS: Final = ("CreateSubmodel", "UpdateSubmodel", "DeleteSubmodel")
_UUID: Final = re.compile("(urn:uuid:)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Notification:
    """News of a partner's submodels."""

    id: str
    sender: str  # BPN
    receiver: str
    sent_at: str
    events: tuple[TwinEvent, ...]
    unknown: Mapping[str, Any] = field(default_factory=dict)


def render_notification(
    *, id: str, sender: str, receiver: str, sent_at: str, events: Sequence[TwinEvent]
) -> dict[str, Any]:
    """A notification about submodels of our twins."""
    return {
        "header": {
            "messageId": id,
            "context": CONTEXT,
            "sentDateTime": sent_at,
            "senderBpn": sender,
            "receiverBpn": receiver,
            "version": "3.0.0",
        },
        "content": {
            "listOfEvents": [
                {
                    "eventType": event.kind,
                    "globalAssetId": event.global_asset_id,
                    "submodelSemanticId": event.semantic_id,
                }
                for event in events
            ]
        },
    }


def parse_notification(content: bytes) -> Notification:
    """The notification in a request.

    Raises:
        FaultyInput: it is none of these, or of another version.
    """
    try:
        document = read_json(content)
        header, told = document["header"], document["content"]
        listed = told["listOfEvents"]
        fits = (
            header["context"] in _CONTEXTS
            and str(header["version"]).startswith("3.")
            and _UUID.fullmatch(header["messageId"]) is not None
            and is_bpn(header["senderBpn"])
            and is_bpn(header["receiverBpn"])
            and isinstance(listed, list)
            and 0 < len(listed) <= _MOST
        )
        if not fits:
            raise FaultyInput.of("twins.no-notification")
        return Notification(
            id=header["messageId"],
            sender=header["senderBpn"],
            receiver=header["receiverBpn"],
            sent_at=str(header.get("sentDateTime", "")),
            events=tuple(_event(event) for event in listed),
            unknown={
                "header": {k: v for k, v in header.items() if k not in _HEADER},
                "content": {k: v for k, v in told.items() if k != "listOfEvents"},
            },
        )
    except (FaultyJson, KeyError, TypeError, AttributeError) as fault:
        raise FaultyInput.of("twins.no-notification") from fault


_HEADER: Final = frozenset(
    {"messageId", "context", "sentDateTime", "senderBpn", "receiverBpn", "version"}
)


def _event(event: Mapping[str, Any]) -> TwinEvent:
    asset = event.get("globalAssetId", event.get("catenaXId"))
    kind, meaning = event["eventType"], event["submodelSemanticId"]
    if kind not in _KINDS or not isinstance(asset, str) or not isinstance(meaning, str):
        raise FaultyInput.of("twins.no-notification")
    return TwinEvent(kind, asset[:2048], meaning[:2048])
