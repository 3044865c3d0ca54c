"""Identifiers of products: right ones pass, and each fault has its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbridge.core.identifiers import (
    did_web,
    digital_link,
    gtin_check_digit,
    is_traction_battery_code,
)
from saltbridge.core.product_identifiers import (
    did_web_fault,
    digital_link_fault,
    identification_link_fault,
    is_digital_link,
    parse_digital_link,
    traction_code_fault,
    traction_code_parts,
)

LINK = "https://id.example/01/09521234567899"
CODE = "X12MCPM27KLPCLX2M2382320"  # kind: published, sample of io.catenax.traction_battery_code


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        (LINK, ""),
        (f"{LINK}/21/A1", ""),
        (f"{LINK}/22/2A/10/L-1/21/A%2F1", ""),
        ("https://id.example/a/b/01/09521234567899/21/A1?linkType=gs1:dpp", ""),
        ("https://id.example/", "no-key"),
        ("https://id.example/01", "gtin"),
        ("https://id.example/01/9521234567899", "gtin"),
        ("https://id.example/01/０9521234567899", "gtin"),
        ("https://id.example/01/09521234567898/21/A1", "check-digit"),
        (f"{LINK}/21/A1/10/L1", "order"),
        (f"{LINK}/21/A1/21/A2", "order"),
        (f"{LINK}/99/x", "order"),
        (f"{LINK}/21", "characters"),
        (f"{LINK}/21/{'A' * 21}", "characters"),
        (f"{LINK}/21/A%20B", "characters"),
        (f"{LINK}/21/..", "characters"),
        (f"{LINK}/21/%3Cscript%3E%00", "characters"),
    ],
)
def test_a_digital_link_and_its_faults(link: str, fault: str) -> None:
    assert digital_link_fault(link) == fault
    assert (parse_digital_link(link) is not None) is (fault == "")
    assert is_digital_link(link) is (fault != "no-key")


def test_the_granularity_is_that_of_the_identifiers() -> None:
    wanted = {"": "model", "/10/L1": "batch", "/21/S1": "item", "/10/L1/21/S1": "item"}
    for rest, granularity in wanted.items():
        parsed = parse_digital_link(LINK + rest)
        assert parsed is not None and parsed.granularity == granularity


@given(
    st.from_regex(r"[0-9]{13}", fullmatch=True),
    st.from_regex(r"[A-Z0-9/%<.-]{1,20}", fullmatch=True).filter(lambda s: s.strip(".")),
)
def test_what_we_write_is_read_back(first: str, serial: str) -> None:
    gtin = first + gtin_check_digit(first)
    parsed = parse_digital_link(digital_link("https://id.example", gtin, serial))
    assert parsed is not None
    assert (parsed.gtin, parsed.serial, parsed.host) == (gtin, serial, "https://id.example")


@given(st.text(max_size=60))
def test_no_text_makes_a_check_fail(text: str) -> None:
    for check in (digital_link_fault, identification_link_fault, traction_code_fault):
        assert isinstance(check(f"https://a.example/01/{text}"), str) and isinstance(
            check(text), str
        )
    assert isinstance(did_web_fault(text) + did_web_fault(f"did:web:{text}"), str)


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        (f"{LINK}/21/A1", ""),
        ("http://127.0.0.1:8101/01/09521234567899", ""),
        ("ftp://id.example/x", "scheme"),
        ("https:///x", "scheme"),
        ("https://id.example/ä", "characters"),
        ("https://id.example/a b", "characters"),
        ("https://id.example/<x>", "characters"),
        ("https://id.example/" + "a" * 240, "length"),
        ("https://id.example/a#b", "fragment"),
    ],
)
def test_an_identification_link_and_its_faults(link: str, fault: str) -> None:
    assert identification_link_fault(link) == fault


@pytest.mark.parametrize(
    ("at", "character", "fault"),
    [
        (0, "ä", "manufacturer"), (3, "Q", "product"), (4, "H", "battery-type"),
        (5, "-", "specification"), (9, "a", "traceability"), (14, "O", "date"),
        (15, "D", "date"), (16, "O", "date"), (20, "X", "serial"),
    ],
)  # fmt: skip
def test_the_wrong_part_of_a_traction_code_is_named(
    at: int, character: str, fault: str
) -> None:
    code = CODE[:at] + character + CODE[at + 1 :]
    assert traction_code_fault(code) == fault
    assert not is_traction_battery_code(code)


def test_a_traction_code_of_either_life_has_parts() -> None:
    first, second = traction_code_parts(CODE), traction_code_parts("X12MCPMX2M2382320RP")
    assert first is not None and "".join(first.values()) == CODE
    assert second is not None and second["suffix"] == "RP" and "traceability" not in second
    # The model's text says 18 characters; its pattern wants 19 (kind: published, read 2026-11).
    assert traction_code_fault("X12MCPMX2M238232RP") == "length"


@given(st.from_regex(r"[A-Z0-9]{19,24}", fullmatch=True))
def test_both_checks_of_a_traction_code_agree(code: str) -> None:
    assert (traction_code_fault(code) == "") is is_traction_battery_code(code)


@pytest.mark.parametrize(
    ("did", "fault"),
    [
        ("did:web:cells.example", ""), ("did:web:127.0.0.1%3A8101:a", ""),
        ("did:key:z6Mk", "method"), ("did:web:", "host"), ("did:web:a b", "host"),
        ("did:web:cells.example%3A99999", "host"), ("did:web:cells.example/a", "host"),
        ("did:web:-a.example", "host"), ("did:web:a.example:", "path"),
        ("did:web:a.example:..", "path"), ("did:web:a.example:<x>", "path"),
    ],
)  # fmt: skip
def test_a_did_web_and_its_faults(did: str, fault: str) -> None:
    assert did_web_fault(did) == fault
    assert did_web_fault(did_web("https://cells.example/a/b")) == ""
