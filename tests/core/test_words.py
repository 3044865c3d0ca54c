"""Findings, errors, editions and identifiers."""

from datetime import date

import pytest

from saltbridge.core.edition import Edition, EditionStatus, NoEditionInForce, edition_in_force
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import Place, Severity, errors_in, finding
from saltbridge.core.identifiers import (
    did_web,
    did_web_document_url,
    digital_link,
    gtin_check_digit,
    is_bpn,
    is_gtin14,
    is_traction_battery_code,
    is_urn_uuid,
)


def test_a_place_reads_like_an_editor_shows_it() -> None:
    assert str(Place("exchanges.csv", 7, "unit")) == "exchanges.csv:7 [unit]"
    assert str(Place(pointer="/product/mass_kg")) == "/product/mass_kg"
    assert str(Place()) == ""


def test_only_errors_stop_the_work() -> None:
    warned = finding("a.b", severity=Severity.WARNING)
    wrong = finding("a.c", amount=-1.0)
    assert errors_in([warned, wrong]) == (wrong,)
    assert wrong.remedy == "a.c.remedy"


def test_the_arguments_of_a_finding_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        finding("a.c", amount=-1.0).arguments["amount"] = 2.0  # type: ignore[index]


def test_an_error_carries_every_finding() -> None:
    error = FaultyInput([finding("a.b"), finding("a.c")])
    assert [f.code for f in error.findings] == ["a.b", "a.c"]
    assert "a.b" in str(error) and "a.c" in str(error)


LAW = (
    Edition("2020", EditionStatus.IN_FORCE, date(2020, 1, 1)),
    Edition("2026", EditionStatus.IN_FORCE, date(2026, 6, 1)),
    Edition("draft-2027", EditionStatus.DRAFT, date(2027, 1, 1)),
    Edition("to-come", EditionStatus.PENDING, None),
)


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2020, 1, 1), "2020"),
        (date(2026, 5, 31), "2020"),
        (date(2026, 6, 1), "2026"),
        (date(2030, 1, 1), "2026"),
    ],
)
def test_the_edition_in_force_follows_the_day(day: date, name: str) -> None:
    assert edition_in_force(LAW, day).name == name


def test_pending_law_is_never_chosen_and_is_named() -> None:
    with pytest.raises(NoEditionInForce) as caught:
        edition_in_force(LAW, date(2019, 12, 31))
    assert "to-come (pending)" in str(caught.value.findings[0].arguments["editions"])


def test_business_partner_numbers() -> None:
    assert is_bpn("BPNL00000000OEM1") and is_bpn("BPNS00000000ABCD", "S")
    assert not is_bpn("BPNL00000000OEM1", "S")
    assert not is_bpn("bpnl00000000oem1") and not is_bpn("BPNL00000000OEM12")


def test_gtin_check_digit() -> None:
    """published: GS1 General Specifications, 629104150021 has check digit 3."""
    assert gtin_check_digit("0629104150021") == "3"
    assert is_gtin14("06291041500213")
    assert not is_gtin14("06291041500214") and not is_gtin14("٠٦٢٩١٠٤١٥٠٠٢١٣")


def test_traction_battery_code() -> None:
    """published: sample of io.catenax.traction_battery_code 2.0.0."""
    assert is_traction_battery_code("X12MCPM27KLPCLX2M2382320")
    assert not is_traction_battery_code("X12MCPM27KLPCLX2M238232")


def test_did_web_and_its_document() -> None:
    did = did_web("http://127.0.0.1:8102")
    assert did == "did:web:127.0.0.1%3A8102"
    assert did_web_document_url(did, "http") == "http://127.0.0.1:8102/.well-known/did.json"
    with pytest.raises(ValueError, match="not a did:web"):
        did_web_document_url("did:key:z6Mk")


def test_a_serial_number_is_escaped_in_the_digital_link() -> None:
    link = digital_link("https://id.example/", "06291041500213", "A/1?x#y")
    assert link == "https://id.example/01/06291041500213/21/A%2F1%3Fx%23y"


def test_urn_uuid() -> None:
    assert is_urn_uuid("urn:uuid:3afeadd8-ed2d-569e-8634-8394a8836d57")
    assert not is_urn_uuid("3afeadd8-ed2d-569e-8634-8394a8836d57")
