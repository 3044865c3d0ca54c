"""Identifiers of a passport are checked by the scheme they are written in."""

import pytest

from saltbridge.core.finding import Severity
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_identifiers import check_granularity
from saltbridge.passport.check_values import check_value
from saltbridge.passport.model import AttributeValue, Origin, OriginKind

ORIGIN = Origin(OriginKind.OPERATOR, "test")


def codes(id: str, value: str) -> list[str]:
    found = check_value(attribute_table()[id], AttributeValue(value, "", ORIGIN))
    return [f.code for f in found]


@pytest.mark.parametrize(
    ("id", "value", "code"),
    [
        ("A002", "https://id.example/01/09521234567898/21/A1",
         "identifier.digital-link-check-digit"),
        ("A002", "https://id.example/01/09521234567899/21/A1/10/L1",
         "identifier.digital-link-order"),
        ("A002", "https://id.example/a#b", "identifier.link-fragment"),
        ("A007", "did:web:", "identifier.did-web"),
        ("A021", "X12QCPM27KLPCLX2M2382320", "identifier.traction-product"),
        ("A021", "X12", "identifier.traction-length"),
    ],
)  # fmt: skip
def test_a_fault_is_told_by_its_name(id: str, value: str, code: str) -> None:
    assert codes(id, value) == [code]


@pytest.mark.parametrize(
    ("id", "value"),
    [
        ("A002", "https://id.example/01/09521234567899/21/A1"),
        ("A002", "https://id.example/any/other/scheme"),
        ("A007", "did:web:cells.example"), ("A007", "did:key:z6Mk"),
        ("A021", "X12MCPM27KLPCLX2M2382320"),
    ],
)  # fmt: skip
def test_right_ones_and_other_schemes_pass(id: str, value: str) -> None:
    assert codes(id, value) == []


def test_what_is_only_recalled_is_a_warning() -> None:
    long = AttributeValue("https://id.example/" + "a" * 300, "", ORIGIN)
    found = check_value(attribute_table()["A002"], long)
    assert [(f.code, f.severity) for f in found] == [
        ("identifier.link-length", Severity.WARNING)
    ]


def test_the_granularity_must_be_that_of_the_identifier() -> None:
    link = AttributeValue("https://id.example/01/09521234567899/10/L1", "", ORIGIN)
    stated = AttributeValue("item", "", ORIGIN)
    told = check_granularity({"A002": link, "A003": stated})
    assert [dict(f.arguments) for f in told] == [{"stated": "item", "found": "batch"}]
    assert check_granularity({"A002": link, "A003": AttributeValue("batch", "", ORIGIN)}) == []
    other = AttributeValue("https://id.example/x", "", ORIGIN)
    assert check_granularity({"A002": other, "A003": stated}) == []
