"""Passports in every wire format: nothing read is lost, and what is written is accepted."""

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbridge.core.errors import FaultyInput
from saltbridge.formats import (
    passport_catena_x,
    passport_mapping,
    passport_spelling,
    passport_table,
)
from saltbridge.formats.passport_aasx import element, value_of
from saltbridge.formats.passport_formats import (
    parse_document,
    read_passport,
    render_document,
    statement,
    write_passport,
)
from saltbridge.formats.passport_idta import METADATA, SEMANTIC_IDS
from saltbridge.formats.passport_mapping import PLACEHOLDERS
from saltbridge.formats.passport_registry import FORMATS
from saltbridge.formats.passport_schema import schema, schema_findings
from saltbridge.formats.passport_text import read_document
from saltbridge.passport.access import Audience, visible_to
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.check_file import document_values, example_document
from saltbridge.passport.model import AttributeValue, Origin, OriginKind

SAMPLES = Path(__file__).parent / "passport_samples"
ORIGIN = Origin(OriginKind.DOCUMENT, "", "test")
# What the official schemas say of the official samples (kind: published, fixture_health.csv):
# the number of faults; every other sample is valid.
BROKEN = {
    "idta-carbon_footprint-1.0.0.json": 2,
    "idta-circularity-1.0.0.json": 6,
    "idta-digital_nameplate-1.0.0.json": 23,
    "idta-handover_documentation-1.0.0.json": 1,
    "battery-pass-MaterialComposition.json": 1,
    # of an earlier version, valid against the schema of its own
    "idta-technical_data-1.0.0.json": 1,
}
JSON_FORMATS = [f for f in FORMATS if FORMATS[f].media_type.endswith("json")]


def example() -> dict[str, AttributeValue]:
    return document_values(example_document(), ORIGIN)[1]


def sample_names() -> list[str]:
    prefixes = {"idta": "idta_02035", "catena-x-5": "catena_x_5_0_0"}
    prefixes |= {"catena-x-6": "catena_x_6_1_0", "battery-pass": "battery_pass_1_2"}
    prefixes |= {"en-18223": "en_18223_expanded"}
    known = tuple(p for p, f in prefixes.items() if f in FORMATS)
    return sorted(f.name for f in SAMPLES.glob("*.json") if f.name.startswith(known))


# --- the official samples -------------------------------------------------------------------


@pytest.mark.parametrize("name", sample_names())
def test_an_official_sample_comes_back_as_it_was(name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    document, _ = read_document(content)
    read = read_passport(content, name=name, origin=ORIGIN)
    assert render_document(read) == document
    assert read.values or read.not_understood
    assert all(v.origin == ORIGIN for v in read.values.values())


@pytest.mark.parametrize("name", sample_names())
def test_a_broken_sample_is_read_with_findings_and_a_sound_one_without(name: str) -> None:
    read = read_passport((SAMPLES / name).read_bytes(), name=name)
    told = [f for f in read.findings if f.code == "format.schema"]
    more = sum(
        int(f.arguments["count"]) for f in read.findings if f.code == "format.more-schema"
    )
    assert len(told) + more == BROKEN.get(name, 0)
    assert all(f.place.file == name and f.place.pointer for f in told)


def test_a_broken_nameplate_still_gives_its_values() -> None:
    """Language maps where the schema wants lists of them (kind: published, the sample)."""
    read = read_passport((SAMPLES / "idta-digital_nameplate-1.0.0.json").read_bytes())
    values = {id: v.value for id, v in read.values.items()}
    assert values["A022"] == "Muster AG"
    assert values["A024"] == {
        "country": "DE", "city": "Musterstadt", "street": "Musterstrasse 1",
        "postal_code": "12345", "province": "Muster-Bundesland",
    }  # fmt: skip
    assert values["A035"] == "original" and values["A029"] == "2022-01"
    assert "/ManufacturerName/de" not in read.not_understood
    assert "/AddressInformation/TimeZone" in read.not_understood


# --- our example ----------------------------------------------------------------------------


@pytest.mark.parametrize("format", JSON_FORMATS)
@pytest.mark.parametrize("audience", [None, *Audience])
def test_every_official_schema_accepts_our_export(
    format: str, audience: Audience | None
) -> None:
    """With what it demands filled in; only the battery's status is never made up."""
    values = example() if audience is None else visible_to(audience, example())
    written = write_passport(values, format, fill_required=True)
    hidden = "A035" not in values and FORMATS[format].schemas != {}
    status = [p.rpartition("/")[2] for p in written.left_out]
    assert status == (["LifeCycleStage"] if "idta" in format else status) * hidden
    assert len(status) == len(written.findings) == hidden
    if hidden:
        return
    document = json.loads(written.content)
    parts, _ = FORMATS[format].unpack(document) or ({}, {})
    checked = [p for p in FORMATS[format].schemas if p in parts]
    assert checked or not FORMATS[format].schemas
    for part in checked:
        assert schema_findings(parts[part], FORMATS[format].schemas[part]) == ()
    if whole := FORMATS[format].document_schema:
        assert schema_findings(document, whole) == ()
        del document["economicOperatorId"]
        assert [f.code for f in schema_findings(document, whole)] == ["format.schema"]


@pytest.mark.parametrize("format", JSON_FORMATS)
def test_the_example_comes_back_but_for_what_the_export_says_is_lost(format: str) -> None:
    values = example()
    written = write_passport(values, format)
    again = read_passport(written.content, origin=ORIGIN)
    assert again.format == format
    missing = set(values) - set(again.values)
    assert missing == set(written.lost)
    changed = {i for i in values.keys() & again.values.keys() if values[i] != again.values[i]}
    assert changed == set(written.partly)
    assert again.not_understood == ()


@pytest.mark.parametrize("format", FORMATS)
def test_the_statement_holds_for_the_example(format: str) -> None:
    stated = statement(format)
    written = write_passport(example(), format)
    assert set(written.lost) <= {*stated.not_carried, *stated.partly}
    assert set(written.partly) <= set(stated.partly)
    assert {*stated.carried, *stated.partly, *stated.not_carried} == set(attribute_table())


@pytest.mark.parametrize("format", JSON_FORMATS)
def test_the_public_export_holds_nothing_restricted(format: str) -> None:
    """Every text and number of the restricted attributes, looked for in the public bytes."""
    whole = example()
    secret = {id: v for id, v in whole.items() if attribute_table()[id].point != 1}
    assert len(secret) > 15
    seen = visible_to(Audience.PUBLIC, whole)
    again = read_passport(write_passport(seen, format).content).values
    assert not secret.keys() & again.keys()
    content = write_passport(seen, format).content.decode()
    for value in secret.values():
        for text in _texts(value.value):
            if len(text) > 12 and not any(
                text in t for v in seen.values() for t in _texts(v.value)
            ):
                assert text not in content


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        return [t for v in value.values() for t in _texts(v)]
    return [t for v in value for t in _texts(v)] if isinstance(value, list) else []


@pytest.mark.parametrize("format", [f for f in JSON_FORMATS if FORMATS[f].schemas])
def test_a_placeholder_is_listed_and_never_read_as_a_value(format: str) -> None:
    content = write_passport(visible_to(Audience.PUBLIC, example()), format).content
    document = json.loads(content)
    listed = document[PLACEHOLDERS]
    assert listed
    read = read_passport(content)
    stated = json.dumps([v.value for v in read.values.values()], ensure_ascii=False)
    assert "not stated" not in stated and "-9999" not in stated and "1900" not in stated
    # Without the list the same document would be read with them: the list is what tells.
    del document[PLACEHOLDERS]
    bare = parse_document(document, format)
    assert bare.values != read.values or bare.not_understood != read.not_understood


# --- what a stranger sends ------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_any_unicode_form_is_read(encoding: str) -> None:
    text = write_passport(example(), "idta_02035").content.decode()
    read = read_passport(text.encode(encoding))
    assert read.values == read_passport(text.encode()).values
    assert [f.code for f in read.findings].count("format.encoding") == 1


def test_a_change_wins_over_what_was_carried() -> None:
    read = read_passport((SAMPLES / "idta-digital_nameplate-1.0.0.json").read_bytes())
    changed = {**read.values, "A022": replace(read.values["A022"], value="Neue AG")}
    again = render_document(replace(read, values=changed))
    assert again["ManufacturerName"] == [{"en": "Neue AG"}]
    assert parse_document(again, "idta_02035").values["A022"].value == "Neue AG"
    assert again["AddressInformation"]["TimeZone"] == "-12:00"


def test_unknown_members_are_kept_and_told() -> None:
    document = json.loads(write_passport(example(), "idta_02035").content)
    part = next(k for k in document if "technical_data" in k)
    document[part]["TechnicalPropertyAreas"]["Colour"] = {"Name": "blue", "Codes": [1, [2, 3]]}
    document["next-to-it"] = None
    read = parse_document(document, "idta_02035", "x.json")
    told = {f.place.pointer for f in read.findings if f.code == "format.not-understood"}
    assert told == {
        f"/{part}/TechnicalPropertyAreas/Colour/Name",
        f"/{part}/TechnicalPropertyAreas/Colour/Codes/0",
        f"/{part}/TechnicalPropertyAreas/Colour/Codes/1/0",
        f"/{part}/TechnicalPropertyAreas/Colour/Codes/1/1",
        "/next-to-it",
    }
    again = render_document(read)
    assert again[part]["TechnicalPropertyAreas"]["Colour"] == {
        "Name": "blue", "Codes": [1, [2, 3]],
    }  # fmt: skip
    assert "next-to-it" in again and again["next-to-it"] is None


def test_hostile_text_stays_text_and_reaches_no_terminal() -> None:
    hostile = "\u202e<script>=cmd|'/c calc'!A1\x1b[2J\u0000\U000e0041"
    values = {**example(), "A022": replace(example()["A022"], value=hostile)}
    written = write_passport(values, "idta_02035")
    read = read_passport(written.content)
    assert read.values["A022"].value == hostile
    document = json.loads(written.content)
    document[hostile] = {hostile: hostile}
    told = parse_document(document, "idta_02035").findings
    shown = "".join(f"{f.place}{dict(f.arguments)}" for f in told)
    assert "\x1b" not in shown and "\u202e" not in shown and "\x00" not in shown


def test_a_large_document_is_read_and_a_larger_one_refused() -> None:
    """10 MB of members nobody knows; above 12 MiB nothing is parsed."""
    document = json.loads(write_passport(example(), "idta_02035").content)
    document["ballast"] = ["x" * 5000] * 2_100
    content = json.dumps(document).encode()
    assert len(content) > 10_000_000
    read = read_passport(content)
    assert len(read.values) > 60 and len(read.not_understood) == 2_100
    assert [
        f.arguments["count"] for f in read.findings if f.code == "format.more-not-understood"
    ]
    with pytest.raises(FaultyInput) as told:
        read_passport(b" " * (13 * 1024 * 1024))
    assert told.value.findings[0].code == "format.too-large"


@pytest.mark.parametrize(
    "content", [b"[]", b"null", b"{}", b'"x"', b"1", b'{"a": 1}', b"\xff\xfe", b"{", b"\x00"]
)
def test_what_is_no_passport_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(FaultyInput):
        read_passport(content)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False,
    allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner,
                                                               max_size=3),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("format", JSON_FORMATS)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_any_value_in_any_place_is_read_without_a_fault_and_written_back(
    format: str, data: st.DataObject
) -> None:
    document = json.loads(WRITTEN[format])
    document.pop(PLACEHOLDERS, None)
    node: Any = document
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            node[key] = data.draw(_JSON)
            break
        node = node[key]
    read = parse_document(document, format) if FORMATS[format].unpack(document) else None
    if read is not None:
        assert render_document(read) == document


WRITTEN = {f: write_passport(example(), f).content for f in JSON_FORMATS}


COLUMNS = {
    "idta_02035": ("idta_02035", "P4:TechnicalPropertyAreas.Colour"),
    "catena_x_6_1_0": ("catenax_battery_pass_6_1_0", "characteristics.Colour"),
    "catena_x_5_0_0": ("catenax_battery_pass_6_1_0", "characteristics.Colour"),
    "battery_pass_1_2": ("batterypass_1_2", "Performance/batteryTechicalProperties.Colour"),
}


@pytest.mark.parametrize("format", COLUMNS)
def test_a_row_with_a_path_is_exported_without_a_line_of_code(
    format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new attribute in the table, with a path: written, read back, and not lost."""
    column, path = COLUMNS[format]
    old = attribute_table()["A033"]
    row = replace(old, id="A999", name="colour", paths={**old.paths, column: path})
    table = {**attribute_table(), "A999": row}
    modules = (passport_table, passport_spelling, passport_mapping, passport_catena_x)
    for module in modules:
        monkeypatch.setattr(module, "attribute_table", lambda: table)
    made = FORMATS[format].entries()
    values = {**example(), "A999": AttributeValue(7, "kg", ORIGIN)}
    lost, partly = passport_mapping.unsaid(values, made)
    assert "A999" not in (*lost, *partly)
    assert '"Colour": 7' in json.dumps(passport_mapping.render(values, made))
    without = tuple(e for e in made if "A999" not in e.ids)
    assert "A999" in passport_mapping.unsaid(values, without)[0]


def test_the_context_of_json_ld_names_every_attribute() -> None:
    """Language maps, addresses and dates are what a processor will make of them."""
    document = json.loads(write_passport(example(), "json_ld").content)
    terms = document["@context"]
    assert {t["@id"] for t in terms.values() if isinstance(t, dict)} >= {
        f"urn:saltbridge:attribute:{id}" for id in attribute_table()
    }
    names = set(document) - {"@context", "id", "type"}
    assert names <= set(terms) and document["id"] == example()["A002"].value
    assert terms["wastePrevention"]["@container"] == "@language"
    assert set(document["wastePrevention"]) == {"de", "en", "zh"}
    assert terms["url"]["@type"] == "@id" and "@base" not in terms


@pytest.mark.full("the shared standards")
def test_the_packaged_schemas_are_the_official_ones_without_their_texts(shared: Path) -> None:
    folder = shared / "standards"
    official = {
        "catena-x-6.1.0": "tractusx-sldt-semantic-models/io.catenax.battery.battery_pass/6.1.0/"
        "BatteryPass-schema.json",
        "idta-1": "idta-smt-semantic-models/io.admin-shell.idta.batterypass.digital_nameplate/"
        "1.0.0/gen/NameplateBattery-schema.json",
        "battery-pass-Performance": "batterypass-datamodel/io.BatteryPass.Performance/1.2.1/"
        "PerformanceAndDurability.schema",
    }
    for name, path in official.items():
        document, _ = read_document((folder / path).read_bytes())
        assert _without_texts(document) == schema(name)


def _without_texts(node: Any, members: bool = False) -> Any:
    if isinstance(node, dict):
        return {
            k: _without_texts(v, k in ("properties", "schemas"))
            for k, v in node.items()
            if members or k not in ("description", "x-samm-aspect-model-urn")
        }
    return [_without_texts(v) for v in node] if isinstance(node, list) else node


# --- AASX -----------------------------------------------------------------------------------


def test_an_aasx_is_a_package_with_one_shell_and_a_submodel_for_each_part() -> None:
    written = write_passport(example(), "aasx")
    assert written.content == write_passport(example(), "aasx").content
    with zipfile.ZipFile(io.BytesIO(written.content)) as package:
        assert package.testzip() is None
        names = package.namelist()
        assert names[:2] == ["[Content_Types].xml", "_rels/.rels"]
        told = json.loads(package.read("aasx/passport/passport.aas.json"))
        origin = package.read("aasx/_rels/aasx-origin.rels").decode()
    assert "/aasx/passport/passport.aas.json" in origin
    shell, submodels = told["assetAdministrationShells"][0], told["submodels"]
    referred = [r["keys"][0]["value"] for r in shell["submodels"]]
    assert referred == [s["id"] for s in submodels] and len(submodels) == 7  # no footprint yet
    semantic = [s["semanticId"]["keys"][0]["value"] for s in submodels]
    assert semantic == [*(i for p, i in SEMANTIC_IDS.items() if p != "P3"), METADATA]
    read = read_passport(written.content, origin=ORIGIN)
    assert read.format == "aasx" and read.not_understood == ()
    through_json = read_passport(write_passport(example(), "idta_02035").content, origin=ORIGIN)
    assert read.values == through_json.values
    assert written.lost == write_passport(example(), "idta_02035").lost


@pytest.mark.parametrize(
    "value",
    [1, 1.5, -0.0, 1e300, True, False, "text", "", None, [], {}, [1, "a", [2]],
     {"a": {"b": []}}, [{"en": "x"}, {"de": "y"}],
     {"value": "https://x.example", "contentType": "a/b"}],
)  # fmt: skip
def test_any_value_is_a_submodel_element_and_back(value: Any) -> None:
    assert value_of(element("Name", value)) == value


def _package(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04broken", "format.bad-package"),
        (_package(**{"a.xml": b"<aas/>"}), "format.no-environment"),
        (_package(**{"a.json": b'{"submodels": [], "x": "' + b"0" * 70_000_000 + b'"}'}),
         "format.package-too-large"),
        (_package(**{"../../a.json": b'{"submodels": 1'}), "json.syntax"),
        (_package(**{"a.json": b'{"submodels": []}'}), "format.not-this-format"),
    ],
)  # fmt: skip
def test_a_broken_package_is_told(content: bytes, code: str) -> None:
    with pytest.raises(FaultyInput) as told:
        read_passport(content)
    assert told.value.findings[0].code == code


_ENVIRONMENT = json.loads(
    zipfile.ZipFile(io.BytesIO(write_passport(example(), "aasx").content)).read(
        "aasx/passport/passport.aas.json"
    )
)


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_any_value_in_any_place_of_an_environment_is_read_or_told(data: st.DataObject) -> None:
    document = json.loads(json.dumps(_ENVIRONMENT))
    node: Any = document
    while True:
        key = data.draw(
            st.sampled_from(list(node) if isinstance(node, dict) else list(range(len(node))))
        )
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            node[key] = data.draw(_JSON)
            break
        node = node[key]
    try:
        read_passport(json.dumps(document).encode())
    except FaultyInput as told:
        assert told.findings


def test_an_element_is_told_by_its_place_in_the_list() -> None:
    read = read_passport((SAMPLES / "en-18223-openepcis.json").read_bytes())
    assert "/elements/1/value" in read.not_understood  # batteryModelIdentifier, the second


@pytest.mark.parametrize("format", JSON_FORMATS)
def test_an_answer_without_a_value_is_carried_or_told_as_lost(format: str) -> None:
    """Why an attribute does not exist for this battery, and why it is not known."""
    answers = {
        "A069": AttributeValue(None, "", ORIGIN, unknown="the supplier has not said"),
        "A093": AttributeValue(None, "", ORIGIN, not_applicable="no EV battery"),
    }
    values = {**example(), **answers}
    written = write_passport(values, format)
    read = read_passport(written.content, origin=ORIGIN).values
    for id, answer in answers.items():
        assert (read.get(id) == answer) is (id not in written.lost)
    assert ({"A069", "A093"} <= set(written.lost)) is (format not in CARRY_ANSWERS)


CARRY_ANSWERS = {"en_18223", "en_18223_expanded", "json_ld"}
