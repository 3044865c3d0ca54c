"""Complete or not, by category and day; and everything wrong with single values."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import errors_in
from saltbridge.passport.attributes import acts, attribute_table
from saltbridge.passport.check_file import check_document, example_document
from saltbridge.passport.check_values import check_value, in_table_unit
from saltbridge.passport.model import AttributeValue, Origin, OriginKind
from saltbridge.passport.part_types import PART_TYPES
from saltbridge.passport.stage_shares import in_absolute_terms
from saltbridge.passport.validate import State, readiness

DUTY = date(2027, 2, 18)
ORIGIN = Origin(OriginKind.OPERATOR, "Isarwerk")


def value(content: Any, unit: str = "", **more: Any) -> AttributeValue:
    return AttributeValue(content, unit, ORIGIN, **more)


def codes(attribute: str, held: AttributeValue) -> list[str]:
    return [f.code for f in check_value(attribute_table()[attribute], held)]


def changed(**attributes: Any) -> dict[str, Any]:
    """The example with some attributes replaced; None takes one away."""
    document = dict(example_document())
    merged = {**document["attributes"], **attributes}
    document["attributes"] = {k: v for k, v in merged.items() if v is not None}
    return document


def test_the_example_has_everything_due_on_the_first_day_of_the_duty() -> None:
    result = check_document(example_document(), DUTY)
    told = result.as_document()
    assert told["missing"] == []
    assert told["due"] == told["present"] > 70
    assert told["complete"] is True
    assert errors_in(result.findings) == ()
    assert {"A041", "A047", "A049", "A058", "A059"} <= set(told["pending"])


def test_the_day_before_nothing_is_due() -> None:
    told = check_document(example_document(), date(2027, 2, 17)).as_document()
    assert (told["due"], told["missing"]) == (0, [])


@pytest.mark.parametrize(
    "missing",
    [id for id, a in attribute_table().items() if a.obligation("ev").value == "M"],
)
def test_every_mandatory_attribute_is_missed(missing: str) -> None:
    attribute = attribute_table()[missing]
    result = check_document(changed(**{missing: None}), DUTY)
    if attribute.duty == "passport":
        assert result.states[missing] is State.MISSING
        assert "passport.missing" in [f.code for f in errors_in(result.findings)]
    else:  # waits for an act
        assert result.states[missing] is State.NOT_YET_REQUIRED


def test_four_states_are_told_apart() -> None:
    states = check_document(changed(A033=None), DUTY).states
    assert states["A033"] is State.MISSING
    assert states["A049"] is State.NOT_YET_REQUIRED
    assert states["A102"] is State.NOT_APPLICABLE  # not to be filled for EV batteries
    assert states["A087"] is State.PRESENT
    assert states["A061"] is State.NOT_PROVIDED


def test_the_same_battery_as_lmt_owes_other_things() -> None:
    told = check_document(example_document(), DUTY, "lmt").as_document()
    assert {"A089", "A102", "A109", "A113", "A119"} <= set(told["missing"])
    assert "A093" in told["not_applicable"]


def test_the_declaration_becomes_due_when_its_acts_have_a_date() -> None:
    law = dict(acts())
    for name in ("cfb-method-ev", "cfb-declaration-format-ev"):
        law[name] = replace(law[name], entry_into_force=date(2027, 6, 1))
    before = readiness({}, "ev", date(2028, 5, 31), acts=law)
    after = readiness({}, "ev", date(2028, 6, 1), acts=law)
    assert before.states["A049"] is State.NOT_YET_REQUIRED
    assert after.states["A049"] is State.MISSING
    assert "A049" in after.due
    assert after.states["A041"] is State.NOT_YET_REQUIRED  # the label waits for its own acts


def test_an_open_condition_has_to_be_answered() -> None:
    silent = check_document(changed(A031=None), DUTY)
    assert "passport.condition-open" in [f.code for f in silent.findings]
    answered = check_document(changed(A031={"not_applicable": "no warranty given"}), DUTY)
    assert answered.states["A031"] is State.NOT_APPLICABLE
    assert errors_in(answered.findings) == ()


def test_a_mandatory_attribute_cannot_be_declared_not_applicable() -> None:
    result = check_document(changed(A033={"not_applicable": "too heavy to weigh"}), DUTY)
    assert "passport.applies" in [f.code for f in errors_in(result.findings)]


def test_a_battery_made_in_the_union_needs_no_commodity_code() -> None:
    imported = check_document(changed(A017=None), DUTY)
    assert imported.states["A017"] is State.MISSING
    home = changed(A017=None, A028={"value": {"city": "Salzgitter", "country": "DE"}})
    assert check_document(home, DUTY).states["A017"] is State.NOT_APPLICABLE


def test_lead_above_the_limit_asks_for_its_symbol() -> None:
    """published: Art. 13(5), lead above 0.004 % = 40 ppm."""
    metals = {"mercury": 0.0, "cadmium": 0.0, "lead": 41.0}
    result = check_document(changed(A067={"value": metals, "unit": "ppm"}), DUTY)
    assert "passport.heavy-metal-symbols" in [f.code for f in result.findings]
    at_limit = {"value": {**metals, "lead": 40.0}, "unit": "ppm"}
    assert errors_in(check_document(changed(A067=at_limit), DUTY).findings) == ()


@pytest.mark.parametrize(
    ("attributes", "code"),
    [
        ({"A096": {"value": 360.0, "unit": "V"}}, "passport.order"),
        ({"A132": {"value": 70.0, "unit": "degC"}}, "passport.order"),
        (
            {"A069": {"value": 60.0, "unit": "%"}, "A070": {"value": 41.0, "unit": "%"}},
            "passport.shares",
        ),
        ({"A029": {"value": "2027-03"}}, "passport.made-later"),
    ],
)
def test_values_that_contradict_each_other(attributes: dict[str, Any], code: str) -> None:
    assert code in [f.code for f in check_document(changed(**attributes), DUTY).findings]


@pytest.mark.parametrize(
    ("attribute", "held", "code"),
    [
        ("A033", value("heavy", "kg"), "passport.wrong-type"),
        ("A033", value(True, "kg"), "passport.wrong-type"),
        ("A033", value(float("nan"), "kg"), "passport.wrong-type"),
        ("A033", value(-1.0, "kg"), "passport.out-of-range"),
        ("A033", value(165.0, "kWh"), "passport.wrong-unit"),
        ("A033", value(165.0), "passport.wrong-unit"),
        ("A069", value(101.0, "%"), "passport.out-of-range"),
        ("A032", value("SLI"), "passport.wrong-type"),
        ("A029", value("2026-13"), "passport.wrong-type"),
        ("A031", value("8 years"), "passport.wrong-type"),
        ("A031", value("P"), "passport.wrong-type"),
        ("A055", value("javascript:alert(1)"), "passport.wrong-type"),
        ("A044", value({"title": "DoC"}), "passport.wrong-type"),
        ("A044", value({"title": "DoC", "url": "data:text/html,x"}), "passport.wrong-type"),
        ("A024", value({"street": "8 Lianban Road"}), "passport.wrong-type"),
        ("A065", value([{"name": "graphite"}]), "passport.wrong-type"),
        ("A099", value({"lower": 55.0, "upper": -20.0}, "degC"), "passport.wrong-type"),
        (
            "A100",
            value([{"state_of_charge_percent": 180, "value": 1.0}], "W"),
            "passport.wrong-type",
        ),
        ("A120", value(1800.5, "cycle"), "passport.wrong-type"),
        ("A088", value(75.0, "Ah"), "passport.not-dated"),
        ("A088", value(75.0, "Ah", measured_on="2026-02-30"), "passport.not-dated"),
        ("A007", value("BPNL1"), "passport.bad-identifier"),
        ("A008", value("BPNA0000CELLFZ01"), "passport.bad-identifier"),
        ("A001", value("passport-1"), "passport.bad-identifier"),
        ("A017", value("8507"), "passport.bad-identifier"),
        ("A021", value("X12"), "identifier.traction-length"),
        ("A033", value(None, unknown="scales broken"), "passport.unknown-not-allowed"),
        ("A033", value(None), "passport.empty-value"),
        ("A018", value("x", unexpected={"colour": "blue"}), "passport.unknown-member"),
    ],
)
def test_a_faulty_value_is_found(attribute: str, held: AttributeValue, code: str) -> None:
    assert codes(attribute, held) == [code]


@pytest.mark.parametrize(
    ("attribute", "held"),
    [
        ("A069", value(None, unknown="not documented before 18 Aug 2028")),
        ("A069", value(0.0, "%")),
        ("A007", value("did:web:isarwerk.example")),
        ("A008", value("BPNS0000CELLFZ01")),
        ("A031", value("P8Y")),
        ("A084", value({"en": "Charge gently.", "de": "Schonend laden."})),
        ("A001", value("urn:uuid:4f9c1a52-6f60-4c0a-8d7e-0a7b54f3f1aa")),
        ("A021", value("X12MCPM27KLPCLX2M2382320")),
        ("A090", value(-0.5, "%", measured_on="2026-11-02")),
    ],
)
def test_a_good_value_is_left_in_peace(attribute: str, held: AttributeValue) -> None:
    assert codes(attribute, held) == []


def test_a_value_in_another_unit_of_its_kind_is_converted() -> None:
    """hand: 165020 g are 165.02 kg."""
    converted = in_table_unit(attribute_table()["A033"], value(165020.0, "g"))
    assert converted.unit == "kg"
    assert converted.value == pytest.approx(165.02, rel=1e-12)


def test_an_unknown_attribute_is_reported_and_left_out() -> None:
    result = check_document(changed(A999={"value": "secret"}), DUTY)
    assert [f.code for f in result.findings] == ["passport.unknown-attribute"]
    assert "A999" not in result.states


@pytest.mark.parametrize(
    "document", [[], {}, {"attributes": 3}, {"jws": "x"}, {"jws": "a.b.c"}]
)
def test_what_is_no_passport_is_refused(document: Any) -> None:
    with pytest.raises(FaultyInput):
        check_document(document, DUTY)


def test_a_category_nobody_knows_is_a_finding() -> None:
    result = check_document(example_document(), DUTY, "portable")
    assert [f.code for f in errors_in(result.findings)] == ["passport.unknown-category"]


@pytest.mark.parametrize(
    ("code", "attribute", "refused"),
    [
        ("LFP", "A071", True),
        ("LFP", "A069", True),
        ("LFP", "A073", False),
        ("lmfp/graphite", "A070", False),  # a part nobody knows: not judged
        ("NMC811", "A072", False),
        ("LCO", "A069", True),
        ("Pb", "A073", True),
        ("LFP", "A075", False),  # lead is that of the whole battery
        ("sodium-ion", "A071", False),
    ],
)
def test_a_share_of_a_metal_that_the_chemistry_lacks_is_refused(
    code: str, attribute: str, refused: bool
) -> None:
    chemistry = {"value": {"code": code, "name": "x"}}
    shares = {id: {"value": 0, "unit": "%"} for id in ("A069", "A070", "A071", "A072", "A073")}
    shares |= {id: {"value": 0, "unit": "%"} for id in ("A074", "A075", "A076")}
    shares[attribute] = {"value": 4, "unit": "%"}
    found = check_document(changed(A063=chemistry, **shares), DUTY).findings
    wrong = [f for f in found if f.code == "passport.wrong-chemistry"]
    assert [f.arguments["attribute"] for f in wrong] == ([attribute] if refused else [])


def test_an_unknown_attribute_is_reported_and_hinders_nothing() -> None:
    result = check_document(changed(A999={"value": 1}), DUTY)
    assert [f.code for f in result.findings] == ["passport.unknown-attribute"]
    assert errors_in(result.findings) == ()
    assert result.as_list()["present"] == result.as_list()["due"]


@pytest.mark.parametrize("second", ["not_applicable", "unknown"])
def test_a_value_beside_a_reason_why_there_is_none_is_no_answer(second: str) -> None:
    """Else a mandatory value counts as there, and the passport shows it to nobody."""
    two = {"value": 12.0, "unit": "%", second: "of no concern"}
    result = check_document(changed(A069=two), DUTY)
    assert "passport.several-answers" in [f.code for f in errors_in(result.findings)]
    assert result.states["A069"] is not State.PRESENT
    assert "A069" in result.as_list()["missing"]


def test_a_blank_reason_is_none() -> None:
    result = check_document(changed(A069={"unknown": " "}), DUTY)
    assert [f.code for f in errors_in(result.findings)] == [
        "passport.missing", "passport.empty-value",
    ]  # fmt: skip


def test_what_is_given_and_faulty_is_neither_present_nor_missing() -> None:
    wrong = {"A033": {"value": -1, "unit": "kg"}, "A087": {"value": 75, "unit": "kWh"}}
    result = check_document(changed(**wrong, A105={"value": "much", "unit": "W/Wh"}), DUTY)
    told = result.as_document()
    assert told["faulty"] == ["A033", "A087", "A105"]
    assert told["missing"] == []
    assert (told["given"], told["present"]) == (told["due"], told["due"] - 2)
    listed = result.as_list()
    assert list(listed) == ["due", "present", "missing", "pending", "not_applicable"]
    assert listed["missing"] == ["A033", "A087"]  # due, and not validly given
    assert listed["due"] == listed["present"] + len(listed["missing"])


@pytest.mark.parametrize("country", ["Germany", "de", "ZZ", 49])
def test_a_country_that_is_none_decides_no_duty(country: Any) -> None:
    place = {"value": {"city": "Berlin", "country": country}}
    result = check_document(changed(A017=None, A028=place), DUTY)
    assert "passport.condition-open" in [f.code for f in errors_in(result.findings)]


USE = [
    {"A126": {"value": 3, "unit": "cycle", "measured_on": "2027-02-01"}},
    {"A140": {"value": [{"type": "deep discharge", "time": "2027-02-01T08:00:00Z"}]}},
    {"A036": {"value": [{"date": "2027-02-01", "component": "fuse", "operator": "X"}]}},
]


@pytest.mark.parametrize("use", USE)
def test_an_original_battery_that_shows_use_owes_data_of_its_use(use: dict[str, Any]) -> None:
    """published: Annex XIII point 4(d) of Regulation (EU) 2023/1542."""
    result = check_document(changed(**use), DUTY)
    owed = {"A094", "A126", "A130", "A140", "A141"} - use.keys()
    assert owed <= set(result.as_list()["missing"])
    reasons = {id: {"not_applicable": "not recorded"} for id in owed}
    assert owed <= set(
        check_document(changed(**use, **reasons), DUTY).as_list()["not_applicable"]
    )


def test_a_counter_that_stands_at_zero_is_no_use() -> None:
    new = {"A126": {"value": 0, "unit": "cycle", "measured_on": "2027-02-01"}}
    assert "A094" in check_document(changed(**new), DUTY).as_list()["not_applicable"]


@pytest.mark.parametrize(
    "document",
    [
        {"attributes": {}, "not_applicable": 5},
        {"attributes": {}, "not_applicable": [["A001"]]},
        {"attributes": {}, "not_applicable": ["A041"], "not_applicable_because": "x"},
        {"attributes": {}, "kind": "battery-supplier-record", "product": "x"},
        {"attributes": {}, "kind": "battery-supplier-record", "items": {"a": 1}},
        {"attributes": {}, "kind": "battery-supplier-record", "items": [7]},
    ],
)
def test_a_document_of_another_shape_is_refused(document: Any) -> None:
    with pytest.raises(FaultyInput) as fault:
        check_document(document, DUTY)
    assert [f.code for f in fault.value.findings] == ["passport.not-a-passport"]


@pytest.mark.parametrize(
    ("attribute", "held", "code"),
    [
        ("A018", value("dd>a\u202e.b"), "passport.hidden-character"),
        ("A018", value("a\0b"), "passport.hidden-character"),
        ("A018", value("a\x1b[31mb"), "passport.hidden-character"),
        ("A084", value({"en": "Charge \u2066gently"}), "passport.hidden-character"),
        ("A069", value(None, unknown="\u202enot known"), "passport.hidden-character"),
        ("A065", value([{"name": "\u2067", "component": "c"}]), "passport.hidden-character"),
        ("A029", value("2026-W45-1"), "passport.wrong-type"),
        ("A037", value("20270218"), "passport.wrong-type"),
        ("A013", value("2027-W07-4"), "passport.wrong-type"),
        ("A006", value("20270218T080000Z"), "passport.wrong-type"),
        ("A088", value(75.0, "Ah", measured_on="20270101garbage"), "passport.not-dated"),
        ("A033", value(75.0, "kg", measured_on="soon"), "passport.not-dated"),
        ("A087", value(1e308, "Ah"), "passport.out-of-range"),
        ("A019", value("../../etc/passwd"), "passport.bad-identifier"),
        ("A028", value({"city": "Berlin", "country": "de"}), "passport.wrong-part"),
        ("A026", value({"name": "X", "address": " "}), "passport.wrong-part"),
        ("A044", value({"title": "DoC", "digest": "sha256:zz"}), "passport.wrong-type"),
        ("A044", value({"title": "DoC", "text": " "}), "passport.wrong-type"),
        ("A131", value({"bins": [1, 0], "hours": [5]}, "h"), "passport.wrong-type"),
        ("A131", value({"bins": [0, 1], "hours": [-5]}, "h"), "passport.wrong-type"),
    ],
)
def test_what_shows_one_thing_and_says_another_is_found(
    attribute: str, held: AttributeValue, code: str
) -> None:
    assert codes(attribute, held) == [code]


@pytest.mark.parametrize(
    ("metals", "parts"),
    [
        ({"mercury": "lots", "cadmium": 0, "lead": "2"}, ["mercury", "lead"]),
        ({"mercury": -1, "cadmium": 0, "lead": 2}, ["mercury"]),
        ({"mercury": 1, "cadmium": 0, "lead": 2}, []),
    ],
)
def test_members_have_types_of_their_own(metals: dict[str, Any], parts: list[str]) -> None:
    found = check_value(attribute_table()["A067"], value(metals, "ppm"))
    assert [(f.code, f.arguments["part"]) for f in found] == [
        ("passport.wrong-part", part) for part in parts
    ]


@pytest.mark.parametrize("id", [a.id for a in attribute_table().values() if a.type == "record"])
def test_every_type_of_a_member_is_known(id: str) -> None:
    assert set(attribute_table()[id].constraints.part_types.values()) <= PART_TYPES.keys()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"A037": {"value": "2099-12-31"}}, "passport.later-day"),
        ({"A029": {"value": "2027-03"}}, "passport.later-day"),
        (
            {"A088": {"value": 75.0, "unit": "Ah", "measured_on": "2099-01-01"}},
            "passport.later-day",
        ),
        ({"A002": {"value": "https://id.example/01/09521234567899/21/OTHER"}},
         "passport.other-serial"),
        ({"A012": {"value": [{"passport_id": "{own}"}]}}, "passport.own-predecessor"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_true_together(changes: dict[str, Any], code: str) -> None:
    own = example_document()["attributes"]["A001"]["value"]
    if "A012" in changes:
        changes = {"A012": {"value": [{"passport_id": own}]}}
    assert code in [
        f.code for f in errors_in(check_document(changed(**changes), DUTY).findings)
    ]


def test_a_document_is_held_against_what_it_says_of_itself() -> None:
    told = {**example_document(), "category": "lmt"}
    assert "passport.other-category" in [f.code for f in check_document(told, DUTY).findings]
    issuer = {"issuer": {"did": "did:web:somebody.example"}}
    found = check_document({**example_document(), **issuer}, DUTY).findings
    assert [(f.code, f.severity.value) for f in found] == [("passport.other-host", "warning")]


def test_what_a_category_never_has_is_told_and_kept() -> None:
    """Annex VII B asks for the day of putting into service of LMT batteries; an EV has none."""
    stated = changed(A030={"value": "2027-03"})
    result = check_document(stated, DUTY)
    (told,) = [f for f in result.findings if f.code == "passport.not-for-category"]
    assert (told.arguments["attribute"], told.arguments["category"]) == ("A030", "ev")
    assert (told.severity.value, told.place.pointer) == ("warning", "/attributes/A030")
    assert result.states["A030"] is State.NOT_APPLICABLE
    assert errors_in(result.findings) == ()  # nothing is hindered by it
    as_lmt = check_document(stated, DUTY, "lmt")
    assert "passport.not-for-category" not in {
        f.code for f in as_lmt.findings if f.arguments.get("attribute") == "A030"
    }


def test_an_example_of_each_category_states_nothing_that_it_never_has() -> None:
    result = check_document(example_document(), DUTY)
    assert "passport.not-for-category" not in {f.code for f in result.findings}


# A stage of the footprint in per cent


def footprint(**stages: tuple[float, str]) -> dict[str, Any]:
    return changed(**{id: {"value": v, "unit": u} for id, (v, u) in stages.items()})


def test_a_stage_in_per_cent_is_a_share_of_the_whole() -> None:
    """hand: 60 % of 0.08 kg CO2e/kWh is 0.048; 48 g is the same amount."""
    shares = footprint(A049=(0.08, "kgCO2e/kWh"), A051=(60, "%"), A052=(48, "g CO2e/kWh"))
    result = check_document(shares, DUTY)
    assert errors_in(result.findings) == ()
    values = in_absolute_terms(
        {
            "A049": value(80, "gCO2e/kWh"),
            "A051": value(60, "%"),
        }
    )
    assert values["A051"].unit == "%"  # the whole is not in the unit of the table
    values = in_absolute_terms({"A049": value(0.08, "kgCO2e/kWh"), "A051": value(60, "%")})
    assert (values["A051"].value, values["A051"].unit) == (0.048, "kgCO2e/kWh")
    assert values["A051"].origin == Origin(OriginKind.COMPUTED, "Isarwerk", "A049")
    grams = in_table_unit(attribute_table()["A052"], value(48, "g CO2e/kWh"))
    assert (grams.value, grams.unit) == (0.048, "kgCO2e/kWh")


def test_a_share_of_nothing_is_refused_with_a_way_out() -> None:
    alone = changed(A049=None, A051={"value": 60, "unit": "%"})
    told = {f.code for f in errors_in(check_document(alone, DUTY).findings)}
    assert told == {"passport.share-of-nothing"}
    assert codes("A049", value(60, "%")) == ["passport.wrong-unit"]  # the whole is no share
