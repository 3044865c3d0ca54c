"""The attribute table: whole, typed, and law as dates."""

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from saltbridge.locales import LANGUAGES, has_text, message_ids
from saltbridge.passport.attributes import (
    CATEGORIES,
    Obligation,
    acts,
    applies_from,
    attribute_table,
    duties,
)

NOT_TO_BE_FILLED = {"A041", "A047", "A059", *(f"A{n:03d}" for n in range(49, 59))}


def test_the_table_holds_141_attributes_with_names_of_their_own() -> None:
    table = attribute_table()
    assert list(table) == [f"A{n:03d}" for n in range(1, 142)]
    assert len({a.name for a in table.values()}) == 141
    assert all(a.name.isidentifier() and a.name.islower() for a in table.values())


def test_every_attribute_belongs_to_a_point_of_annex_xiii() -> None:
    """published: 96 public, 7 restricted model, 1 authority, 37 individual."""
    points = [a.point for a in attribute_table().values()]
    assert {p: points.count(p) for p in (1, 2, 3, 4)} == {1: 96, 2: 7, 3: 1, 4: 37}


def test_the_clause_names_the_point() -> None:
    wrong = [
        a.id
        for a in attribute_table().values()
        if a.clause and not a.clause.startswith(str(a.point))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_attribute_has_a_label(language: str) -> None:
    assert [id for id in attribute_table() if not has_text(f"attribute.{id}", language)] == []


def test_the_february_2027_profile_leaves_out_what_the_guidance_names() -> None:
    pending = {
        a.id for a in attribute_table().values() if a.obligation("ev") is Obligation.PENDING
    }
    assert pending == NOT_TO_BE_FILLED


def test_all_points_of_the_commission_guidance_are_covered(shared: Path) -> None:
    """published: guidance data points v1.0 of 28 Jul 2026."""
    rows = csv.DictReader(
        (shared / "data" / "ec_guidance_71_datapoints.csv").open(encoding="utf-8")
    )
    numbers = {row["nr"] for row in rows}
    covered = {n for a in attribute_table().values() for n in a.ec_guidance.split(";")}
    assert numbers - covered == set()


def test_obligations_agree_with_the_table_they_were_drawn_from(shared: Path) -> None:
    columns = {
        "ev": "ev",
        "lmt": "lmt",
        "industrial": "industrial_gt_2kWh",
        "stationary": "stationary_gt_2kWh",
    }
    different = []
    for row in csv.DictReader(
        (shared / "data" / "passport_attributes.csv").open(encoding="utf-8")
    ):
        attribute = attribute_table()[row["id"]]
        for category, column in columns.items():
            if attribute.obligation(category).value != row[column]:
                different.append((row["id"], category))
    # A voluntary absolute footprint would be a declaration by the back door.
    assert {id for id, _ in different} == {"A057"}


# Where our table says otherwise than the one it was drawn from, and why.
_UNITS = {
    "A031": "",  # a duration (ISO 8601) carries its own unit
    **dict.fromkeys(("A050", "A051", "A052", "A053"), "kgCO2e/kWh"),  # per cent or this
    **dict.fromkeys(("A065", "A066"), ""),  # amounts stand with each substance
    **dict.fromkeys(("A095", "A131"), "h"),  # hours per bin
    **dict.fromkeys(("A138", "A139"), ""),  # a plain count
}
_SPELLED = {"-": "", "°C": "degC", "Ohm": "ohm", "cycles": "cycle", "years": "year"}
_SPELLED_HERE = {"model per year per plant": "model per plant and year"}
_POINTS = {"P": 1, "R": 2, "A": 3, "I": 4}


def test_points_granularity_units_and_dynamics_agree_with_that_table(shared: Path) -> None:
    file = shared / "data" / "passport_attributes.csv"
    rows = list(csv.DictReader(file.open(encoding="utf-8")))
    assert [row["id"] for row in rows] == list(attribute_table())
    different = []
    for row in rows:
        ours = attribute_table()[row["id"]]
        granularity = _SPELLED_HERE.get(row["granularity"], row["granularity"])
        unit = _UNITS.get(ours.id, _SPELLED.get(row["unit"], row["unit"]))
        clause = row["annex_xiii_point"].strip("-")
        theirs = (_POINTS[row["access_class"]], granularity, unit, clause)
        told = (ours.point, ours.granularity, ours.unit, ours.clause)
        if told != theirs or ours.dynamics.value != row["static_dynamic"]:
            different.append((ours.id, told, theirs))
    assert different == []


# A point of the guidance that another one repeats, or that is met by one of several rows.
_GUIDANCE = {"mandatory": "M", "conditional": "C", "pending": "P", "optional": "O"}
_TIERS = {"public": 1, "legitimateInterest": 2, "notifiedBodiesAndAuthorities": 3}
_REPEATS = {"16", "25"}  # composition is point 12, rated capacity point 11: filled there


def test_obligations_and_audience_agree_with_the_commission_guidance(shared: Path) -> None:
    """published: guidance data points v1.0 of 28 Jul 2026; its strictest row is held."""
    file = shared / "data" / "ec_guidance_71_datapoints.csv"
    different = []
    for row in csv.DictReader(file.open(encoding="utf-8")):
        ours = [a for a in attribute_table().values() if row["nr"] in a.ec_guidance.split(";")]
        dynamic_interest = (
            row["access_tier_derived"] == "legitimateInterest" and row["lifecycle"] == "dynamic"
        )
        point = 4 if dynamic_interest else _TIERS[row["access_tier_derived"]]
        if {a.point for a in ours} != {point}:
            different.append((row["nr"], "audience"))
        for category in ("ev", "lmt", "industrial"):
            due = _GUIDANCE.get(row[category], "N")
            held = {a.obligation(category).value for a in ours}
            if due not in held and row["nr"] not in _REPEATS:
                different.append((row["nr"], category, due, held))
    assert different == []


def test_every_duty_has_a_date_formula_for_every_category() -> None:
    wanted = {(a.duty, c) for a in attribute_table().values() for c in CATEGORIES}
    assert wanted == set(duties())
    named = {t.partition("+")[0] for d in duties().values() for t in d.terms}
    assert {n for n in named if not n[:4].isdigit()} == set(acts())


def test_the_declaration_waits_for_both_acts_and_then_for_twelve_months() -> None:
    """hand: Art. 7(1): 18 Feb 2025, or 12 months after the later of the two acts."""
    assert applies_from("carbon-footprint-declaration", "ev") is None
    law = dict(acts())
    assert law["cfb-method-ev"].entry_into_force is None
    assert law["cfb-declaration-format-ev"].entry_into_force is None
    law["cfb-method-ev"] = replace(law["cfb-method-ev"], entry_into_force=date(2027, 3, 31))
    assert applies_from("carbon-footprint-declaration", "ev", law) is None
    format_act = law["cfb-declaration-format-ev"]
    law["cfb-declaration-format-ev"] = replace(format_act, entry_into_force=date(2027, 1, 10))
    assert applies_from("carbon-footprint-declaration", "ev", law) == date(2028, 3, 31)


def test_months_end_where_the_month_ends() -> None:
    """hand: 31 August 2027 plus 18 months is 28 February 2029."""
    law = dict(acts())
    for name in ("cfb-method-industrial", "cfb-declaration-format-industrial"):
        law[name] = replace(law[name], entry_into_force=date(2027, 8, 31))
    due = applies_from("carbon-footprint-declaration", "industrial", law)
    assert due == date(2029, 2, 28)


def test_the_entries_of_every_list_have_headings() -> None:
    named = {
        f"page.part.{part}"
        for attribute in attribute_table().values()
        if attribute.type == "list"
        for part in (*attribute.constraints.parts, *attribute.constraints.optional_parts)
    }
    assert named <= message_ids("en")
