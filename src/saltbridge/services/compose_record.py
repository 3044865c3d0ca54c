"""Put together the supplier record of a battery: footprint, receipt, facts and items.

The record is the cell maker's own document, whole. What of it may leave is decided later, field
by field, when it is published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, finding
from saltbridge.passport.attributes import attribute_table
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document, every
from saltbridge.steps.verification import standing_statements

KIND = "battery-supplier-record"


@dataclass(frozen=True, kw_only=True)
class ComposeRequest:
    """What goes into the record. ``footprint`` is the id of a stored footprint, or ``latest``.

    ``attributes`` maps attribute ids to values with their units; ``items`` as
    ``formats.item_list`` gives them.
    """

    attributes: Mapping[str, Any]
    items: Sequence[Mapping[str, Any]]
    footprint: str = "latest"
    methodology: str = ""  # of the latest footprint: ID or ID@EDITION


def compose_record(world: World, request: ComposeRequest) -> dict[str, Any]:
    """The whole supplier record (CX-0160 use case 1) as the cell maker's node holds it.

    Raises:
        FaultyInput: no such footprint, a what-if, or attributes the passport does not know.
    """
    findings = [
        finding(
            "record.unknown-attribute", Place(pointer=f"/attributes/{id}"), attribute=id[:40]
        )
        for id in request.attributes
        if id not in attribute_table()
    ]
    with world.store.reading() as work:
        stored = _footprint(work, request)
        vouched = [] if stored is None else standing_statements(world, work, stored["id"])
    if stored is None:
        wanted = f"{request.footprint} {request.methodology}".strip()
        findings.append(finding("record.no-footprint", id=wanted))
    elif "scenario" in stored["record"]:
        findings.append(finding("record.scenario", id=stored["id"]))
    if stored is None or findings:
        raise FaultyInput(findings)
    record = stored["record"]
    return {
        "kind": KIND,
        "product": record["product"],
        "manufacturer": {
            "name": world.node.legal_name,
            "bpn": world.node.bpn,
            "address": world.node.address,
            "country": world.node.country,
        },
        "plant": record["plant"],
        "footprint": record,
        "receipt": stored["receipt"],
        "attributes": dict(request.attributes),
        "items": [dict(item) for item in request.items],
        "suppliers": stored.get("suppliers", []),
        "evidence": stored.get("evidence", []),
        **({"verification": vouched} if vouched else {}),
    }


def _footprint(work: UnitOfWork, request: ComposeRequest) -> Mapping[str, Any] | None:
    if request.footprint != "latest":
        found: Mapping[str, Any] | None = document(work, "footprint", request.footprint)
        return found
    name, _, edition = request.methodology.partition("@")
    newest: Mapping[str, Any] | None = None
    for stored in sorted(every(work, "footprint"), key=lambda r: (r.written_at, r.id)):
        body = read_json(stored.body)
        if "scenario" in body["record"]:
            continue  # a what-if is never taken for the footprint of the battery
        methodology = body["record"]["methodology"]
        if name in ("", methodology["id"]) and edition in ("", methodology["edition"]):
            newest = body
    return newest
