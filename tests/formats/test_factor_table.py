"""A factor table is read whole: faulty rows, missing licences and doubles are all told."""

import io

import xlsxwriter

from saltbridge.core.finding import Severity
from saltbridge.formats.factor_table import parse_factor_table, render_factor_table

HEAD = "id,flow,unit,location,kg_co2e_per_unit,source,licence,year\n"


def read(*rows: str, licence: str = "") -> tuple[list[str], list[str]]:
    found, findings = parse_factor_table((HEAD + "\n".join(rows)).encode(), "f.csv", licence)
    return [f.id for f in found], [f.code for f in findings]


def test_a_good_row_becomes_a_factor_and_reads_back_the_same() -> None:
    content = (HEAD + "a,steel,kg,DE,1.9,plant survey,CC-BY-4.0,2025\n").encode()
    (factor,), findings = parse_factor_table(content, "f.csv")
    assert not findings
    assert (factor.flow, factor.kg_co2e_per_unit, factor.year) == ("steel", 1.9, 2025)
    assert parse_factor_table(render_factor_table([factor]), "g.csv")[0] == (factor,)


def test_all_faulty_rows_are_told_at_once() -> None:
    ids, codes = read(
        'a,steel,kg,DE,"1,9",s,l,2025',
        "b,steel,kgg,DE,1.9,s,l,2025",
        "c,steel,kg,DE,,s,l,2025",
        "d,zinc,kg,DE,2.0,s,l,2025",
        "d,zinc,kg,FR,2.0,s,l,2025",
    )
    assert ids == ["d", "d"]
    assert codes == [
        "inventory.decimal-comma", "inventory.unknown-unit", "inventory.duplicate-id",
        "background.no-value",
    ]  # fmt: skip


def test_a_factor_without_licence_or_source_is_told() -> None:
    _, codes = read("a,steel,kg,DE,1.9,,,2025")
    assert codes == ["background.no-licence", "background.no-source"]
    assert read("a,steel,kg,DE,1.9,s,,2025", licence="ODC-BY")[1] == []


def test_two_values_for_one_flow_are_told() -> None:
    _, codes = read("a,steel,kg,DE,1.9,s,l,2025", "b,steel,kg,DE,2.1,s,l,2025")
    assert codes == ["background.two-factors"]


def test_a_workbook_is_read_like_a_table_and_a_formula_is_refused() -> None:
    def book(value: object) -> bytes:
        target = io.BytesIO()
        with xlsxwriter.Workbook(target) as workbook:
            sheet = workbook.add_worksheet("any name")
            sheet.write_row(0, 0, HEAD.strip().split(","))
            sheet.write_row(1, 0, ["a", "steel", "kg", "DE", value, "s", "l", 2025])
        return target.getvalue()

    (factor,), findings = parse_factor_table(book(1.9), "f.xlsx")
    assert (factor.kg_co2e_per_unit, findings) == (1.9, ())
    _, findings = parse_factor_table(book("=1+1"), "f.xlsx")
    assert {f.code for f in findings if f.severity is Severity.ERROR} == {
        "workbook.formula-cell"
    }
