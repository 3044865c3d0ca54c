"""The public study holds what the public may read, and nothing else; a draft says so."""

from datetime import UTC, datetime
from typing import Any

import pytest

from saltbridge.footprint.model import (
    Carrier,
    CircularTerms,
    ElectricityContract,
    LocalFactor,
    Supplier,
)
from saltbridge.footprint.record import footprint_record
from saltbridge.locales import LANGUAGES, text
from saltbridge.reports.footprint_study import footprint_study
from saltbridge.reports.report_html import report_html
from saltbridge.testing.inventories import factor, footprint, inventory, process, row

NOW = datetime(2027, 2, 1, tzinfo=UTC)


def record(methodology: str = "eu-cfb@draft-2024-04") -> dict[str, Any]:
    what = inventory(
        process("pack", unit="piece"),
        row("pack", "input", "secret binder", 300.0, supplier="hidden-supplier"),
        row("pack", "input", "another secret", 1.0),
        suppliers=(Supplier(id="hidden-supplier", name="Hidden Ltd"),),
    )
    made = footprint(
        what,
        factor("secret binder", 10.0, source="<script>alert(1)</script>"),
        methodology=methodology,
    )
    return footprint_record(made, what, "estimate")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_flow_and_no_supplier_is_public(language: str) -> None:
    study = footprint_study(record(), "Maker & Sons", 7, NOW, language, "https://m.example")
    page = report_html(study).decode()
    assert "secret" not in page and "hidden" not in page and "300" not in page
    assert "<script" not in page and "Maker &amp; Sons" in page
    assert "7" in page and "https://m.example" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_own_factors_contracts_and_terms_are_not_public(language: str) -> None:
    words = {"source": "invoice of Hidden Ltd", "licence": "Hidden terms"}
    what = inventory(
        process("pack", unit="piece"),
        row("pack", "input", "binder", 300.0),
        row("pack", "input", "steel", 5.0, circular="steel"),
        row("pack", "input", "electricity", 9.0, "kWh", carrier=Carrier.ELECTRICITY,
            location="CN", contract="sun"),
        factors=(
            LocalFactor(id="mine", flow="binder", unit="kg", kg_co2e_per_unit=9.0, **words),
        ),
        circular=(CircularTerms(id="steel", material="steel", R1=0.0, Ev=2.0, **words),),
        electricity=(
            ElectricityContract(id="sun", kind="direct_line", kg_co2e_per_kwh=0.03, **words),
        ),
    )  # fmt: skip
    made = footprint(what, methodology="eu-cfb@draft-2024-04")
    assert len(made.contributions) == 3
    known = footprint_record(made, what, "estimate")
    study = footprint_study(known, "Maker", 1, NOW, language, own_factors={"mine"})
    assert "Hidden" not in report_html(study).decode()


def test_only_a_draft_calls_itself_one() -> None:
    draft = footprint_study(record(), "Maker", 1, NOW, "en")
    assert draft.title.startswith("DRAFT") and draft.sections[0].title == "This is a draft"
    final = footprint_study(record(), "Maker", 0, NOW, "en")
    assert "DRAFT" not in final.title and final.sections[0].title != "This is a draft"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_study_behind_an_unsigned_document_says_so(language: str) -> None:
    unsigned = footprint_study(record(), "Maker", 0, NOW, language, signed=False)
    signed = footprint_study(record(), "Maker", 0, NOW, language)
    assert unsigned.title != signed.title and unsigned.footer.endswith(unsigned.title)
    assert unsigned.sections[0].title == text("study.unsigned", None, language)
    assert unsigned.sections[1:] == signed.sections


@pytest.mark.parametrize("methodology", ["catena-x-pcf@v4", "cn-miit-551@2025-551"])
def test_other_rule_sets_have_a_study_too(methodology: str) -> None:
    assert report_html(footprint_study(record(methodology), "M", 1, NOW, "zh"))
