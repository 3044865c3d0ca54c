"""`verify` holds the edition against the day that the record names."""

from datetime import date
from typing import Any

import pytest

from saltbridge.border.catalogue import catalogue_for
from saltbridge.locales import LANGUAGES, has_text
from saltbridge.services.verify_content import edition_remarks
from saltbridge.trust.claims import ClaimType

ISSUED = date(2026, 11, 23)


def footprint(edition: str, status: str, **more: Any) -> dict[str, Any]:
    method = {"id": "catena-x-pcf", "edition": edition, "status": status}
    return {
        "type": "estimate",
        "methodology": method,
        "total_kg_co2e": 1.0,
        "stages": {},
        **more,
    }


@pytest.mark.parametrize(
    ("content", "due"),
    [
        (footprint("v4", "in_force"), []),
        (footprint("v3", "in_force"), []),  # in force when it was used; no day is named
        (
            footprint("v3", "in_force", placed_on_market="2025-01-15"),
            [(True, "verify.edition-of-day")],
        ),
        (
            footprint("v3", "withdrawn", placed_on_market="2026-11-01"),
            [(True, "verify.edition-estimate")],
        ),
        (
            footprint("v3", "in_force", placed_on_market="2026-11-01"),
            [(False, "delivery.edition-not-in-force")],
        ),
    ],
)
def test_an_edition_called_in_force_was_so_on_the_day(
    content: dict[str, Any], due: list[tuple[bool, str]]
) -> None:
    for claim, document in (
        (ClaimType.ESTIMATE, content),
        (ClaimType.SUPPLIER_RECORD, {"footprint": content}),
    ):
        found = list(edition_remarks(claim, document, ISSUED))
        assert [(r.good, r.code) for r in found] == due
        assert all(has_text(r.code, tongue) for r in found for tongue in LANGUAGES)


def test_the_day_leaves_with_the_footprint() -> None:
    """A partner can check the edition only when the border lets the day through."""
    catalogue = catalogue_for("battery-supplier-record")
    entries = {}
    for member in ("placed_on_market", "type"):
        state = catalogue.start()
        for key in ("footprint", member):
            state = catalogue.step(state, key)
        entries[member] = catalogue.entry(state)
    day, type_ = entries["placed_on_market"], entries["type"]
    assert day is not None and type_ is not None
    assert (day.field_class, day.transform) == (type_.field_class, type_.transform)
