"""Canaries for a whole walk: every planted value knows which companies may have it.

``Aviary`` finds them again in whatever a company hears, signed statements inside signed
statements included. Not meant for anything but tests.
"""

import base64
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from saltbridge.core.provenance import Confidence
from saltbridge.footprint.model import (
    Evidence,
    FactorSet,
    Inventory,
    LocalFactor,
    Stage,
    Supplier,
)
from saltbridge.passport.attributes import Attribute, attribute_table
from saltbridge.testing.inventories import factor, factor_set, inventory, process, row

SUPPLIER, CELLS, CARS, STRANGER = "supplier", "cellmaker", "carmaker", "stranger"


@dataclass
class Aviary:
    """The canaries: every spelling of a planted value, and who may have it."""

    of: dict[str, frozenset[str]] = field(default_factory=dict)
    searched: dict[tuple[str, bytes], list[str]] = field(default_factory=dict)

    def text(self, name: str, *may_have: str) -> str:
        """A text nobody writes by chance."""
        spelling = f"CANARY-{name}-7f3c9a"
        self.of[spelling] = frozenset(may_have)
        return spelling

    def number(self, value: float, *may_have: str) -> float:
        """A number, found again as it is, grouped, and without its last digits."""
        spellings = {repr(value), f"{value:g}", f"{value:,}", f"{value:.6g}"}
        for spelling in spellings:
            if len(spelling) > 5:
                self.of[spelling] = frozenset(may_have)
        return value

    def heard_by(self, hearer: str, content: bytes) -> list[str]:
        """Canaries in the bytes that this hearer may not have; inside signed parts too."""
        if (hearer, content) not in self.searched:  # most answers are one and the same
            open_bytes = b"\n".join(unwrapped(content))
            self.searched[hearer, content] = [
                spelling
                for spelling, may_have in self.of.items()
                if hearer not in may_have and spelling.encode() in open_bytes
            ]
        return self.searched[hearer, content]


_BASE64 = (re.compile(rb"[A-Za-z0-9_-]{40,}"), re.compile(rb"[A-Za-z0-9+/]{40,}"))


def unwrapped(content: bytes, depth: int = 4) -> Iterator[bytes]:
    """The bytes and whatever base64 of either alphabet hides in them, signed within signed."""
    yield content
    if depth:
        runs = {run for alphabet in _BASE64 for run in alphabet.findall(content)}
        for run in sorted(runs):
            whole = run[: len(run) - (len(run) % 4 == 1)]  # one character over is no byte
            padded = whole.replace(b"-", b"+").replace(b"_", b"/") + b"=" * (-len(whole) % 4)
            yield from unwrapped(base64.b64decode(padded), depth - 1)


def material(aviary: Aviary) -> dict[str, Any]:
    """A PCF document of the supplier, its own secrets marked."""
    own = [SUPPLIER]
    return {
        "kind": "pcf",
        "illustrative": True,
        "product_family": aviary.text("family", SUPPLIER, CELLS),
        "records": [
            {
                "id": aviary.text("pcf-id", SUPPLIER, CELLS),
                "flow": aviary.text("flow-cathode", SUPPLIER, CELLS),
                "unit": "kg",
                "location": "CN",
                "kg_co2e_per_unit": aviary.number(21.518273645, SUPPLIER, CELLS),
                "low": aviary.number(18.273645192, SUPPLIER, CELLS),
                "high": aviary.number(26.364519283, SUPPLIER, CELLS),
                "methodology": "catena-x-pcf@v4",
                "period": {"start": "2025-01-01", "end": "2025-12-31"},
                "primary_data_share": 60.0,
                "TeR": 1.0,
                "GeR": 1.0,
                "TiR": 2.0,
                "mass_kg_per_unit": 1.0,
                "source": aviary.text("pcf-source", SUPPLIER, CELLS),
                "licence": "CC0-1.0",
                "confidence": "illustrative",
                "production_stages": {
                    aviary.text("step", *own): aviary.number(8.4172635, *own),
                    "calcination": {"yield": aviary.number(0.91726354, *own)},
                },
                "electricity_kwh_per_unit": aviary.number(6.41738264, *own),
                "sub_suppliers": [{"name": aviary.text("sub-supplier", *own), "bpn": "B"}],
                aviary.text("unknown-member", *own): aviary.text("unknown-value", *own),
            }
        ],
        "batch_notes": {"shift": aviary.text("note", *own)},
    }


def recipe(aviary: Aviary) -> Inventory:
    """The cell maker's inventory: every name, amount, supplier and file is its own."""

    def own(name: str) -> str:
        return aviary.text(name, CELLS)

    stages = ("raw_material_acquisition", "main_production", "end_of_life")
    processes = [process("pack", own("flow-pack"), unit="piece")]
    processes += [
        process(own(f"process-{stage}"), own(f"made-{stage}"), stage=Stage(stage))
        for stage in stages
    ]
    rows = []
    for index, made in enumerate(processes[1:]):
        amount = aviary.number(31.415926 + 10.0372615 * index, CELLS)
        rows.append(row("pack", "input", made.reference_flow, amount, provider=made.id))
        for number in range(3):
            name = aviary.text(f"flow-{index}-{number}", CELLS)
            used = aviary.number(1.2345678 + 0.1172635 * (3 * index + number), CELLS)
            rows.append(
                row(
                    made.id,
                    "input",
                    name,
                    used,
                    supplier=own("supplier-id"),
                    evidence=(own("evidence-id"),),
                    source=own("row-source"),
                    comment=own("row-comment"),
                )
            )
    cathode = "CANARY-flow-cathode-7f3c9a"
    rows.append(
        row(processes[1].id, "input", cathode, aviary.number(2.7182818, CELLS), location="CN")
    )
    flows = [r.flow for r in rows if r.flow.startswith("CANARY-flow-") and r.flow != cathode]
    local = flows[0]
    return inventory(
        *processes,
        *rows,
        factor_sets=("test-set",),
        factors=(
            LocalFactor(
                id=own("local-factor"),
                flow=local,
                unit="kg",
                kg_co2e_per_unit=aviary.number(4.1928374, CELLS),
                source=own("factor-source"),
                licence="CC0-1.0",
                confidence=Confidence.READ,
            ),
        ),
        suppliers=(
            Supplier(id=own("supplier-id"), name=own("supplier-name"), bpn=own("supplier-bpn")),
        ),
        evidence=(
            Evidence(
                id=own("evidence-id"),
                kind="invoice",
                title=own("evidence-title"),
                document=own("evidence-file"),
                issuer=own("evidence-issuer"),
            ),
        ),
        title=own("inventory-title"),
        unknown={"notes": own("inventory-notes")},
    )


def factors_of(what: Inventory, aviary: Aviary) -> FactorSet:
    """A factor for every flow that has none yet."""
    known = {made.reference_flow for made in what.processes}
    known |= {f.flow for f in what.factors} | {"CANARY-flow-cathode-7f3c9a"}
    wanted = [r.flow for r in what.exchanges if r.flow not in known]
    return factor_set(
        *(
            factor(
                flow,
                aviary.number(2.0192837 + 0.3141592 * number, CELLS),
                id=aviary.text(f"factor-{number}", CELLS),
            )
            for number, flow in enumerate(wanted)
        )
    )


# Values that the law's own limits would refuse are replaced by ones within them.
_WITHIN = {
    "A090": 9.0625371,
    "A093": 77.0625371,
    "A094": 44.0625371,
    "A103": 8.0625371,
    "A108": 66.0625371,
    "A110": 7.0625371,
    "A111": 55.0625371,
    "A118": 6.0625371,
}


# Members of other types than texts hold no canary: others of the same entry do.
_TYPED: Final = {"percent": 1.0, "number": 1.0, "date": "2026-01-01", "time": "2026-01-01"}


def planted(attribute: Attribute, aviary: Aviary) -> Any:
    """A value of the attribute's type; what Annex XIII restricts is for companies only."""
    text = aviary.text(f"attribute-{attribute.id}", CELLS, CARS)
    number = 700000.0 + int(attribute.id[1:]) * 7 + 0.125
    if attribute.id in _WITHIN:
        return aviary.number(_WITHIN[attribute.id], CELLS, CARS)
    if attribute.type in ("number", "per_soc", "histogram"):
        aviary.number(number, CELLS, CARS)
    if attribute.type == "integer":
        return int(aviary.number(int(number), CELLS, CARS))
    by_type: dict[str, Any] = {
        "number": number,
        "document": {"title": text, "url": f"https://{text}.example"},
        "documents": [{"title": text, "url": f"https://{text}.example"}],
        "choice": (attribute.constraints.choices or ("",))[0],
        "month": "1999-07",
        "histogram": {"bins": [number, number + 1], "hours": [number]},
        "per_soc": [{"state_of_charge_percent": 80, "value": number}],
    }
    if attribute.type == "list":
        typed = attribute.constraints.part_types
        return [{p: _TYPED.get(typed.get(p, ""), text) for p in attribute.constraints.parts}]
    return by_type.get(attribute.type, text)


def restrict(
    attributes: dict[str, Any], items: Sequence[dict[str, Any]], aviary: Aviary
) -> None:
    """Replace every attribute of points 2, 3 and 4 by a canary; plant some beside others."""
    for attribute in attribute_table().values():
        if attribute.point in (1, None) or attribute.id in ("A035", "A036", "A140", "A141"):
            continue  # public; or stated elsewhere, or personal: see below
        entry: dict[str, Any] = {"value": planted(attribute, aviary)}
        entry |= {"measured_on": "2026-11-02"} if attribute.constraints.dated else {}
        entry |= {"unit": attribute.unit} if attribute.unit else {}
        if attribute.granularity == "item":
            for item in items:
                item["attributes"][attribute.id] = entry
        else:
            attributes[attribute.id] = entry
    items[0]["attributes"]["A036"] = {
        "value": [
            {
                "date": "2026-01-01",
                "component": "module",
                "operator": aviary.text("repair", CELLS),
            }
        ]
    }
    for item, id in itertools.product(items, ("A140", "A141")):  # its counters show use
        item["attributes"].setdefault(id, {"not_applicable": "none was reported"})
    items[0]["line_operator"] = aviary.text("line-operator", CELLS)
    attributes["A063"]["value"]["note"] = aviary.text("chemistry-note", CELLS)
    attributes["A028"]["value"]["hall"] = aviary.text("hall", CELLS)
