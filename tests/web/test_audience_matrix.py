"""Every attribute × reader × door × state: what the node answers is what the matrix says.

The page docs/reference/audience-matrix.md is read, not the code behind it; the passport holds a
canary in every attribute that is not public, so that a value is found wherever it slips out.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from tests.web.matrix_house import (
    AUDIENCES,
    GTIN,
    HANDED,
    LIVE,
    ROOT,
    SECOND_LIVES,
    SERIALS,
    WITHOUT_A_LINE,
    House,
    built_house,
)

from saltbridge.border.passport_credential import credential_in
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.formats.claim_file import parse_claim_file
from saltbridge.formats.passport_formats import read_passport, statement
from saltbridge.formats.passport_registry import FORMATS
from saltbridge.locales import text
from saltbridge.passport.access import Audience
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.audience_matrix import (
    API_DOORS,
    DOORS,
    MODEL_DOORS,
    READERS,
    STATES,
)
from saltbridge.passport.views import presented_view
from saltbridge.reports import passport_sheet
from saltbridge.reports.pdf import Report
from saltbridge.reports.qr_labels import Label, labels_svg
from saltbridge.services.passport_export import ExportRequest, export_passport
from saltbridge.services.passports import labelled_passports
from saltbridge.trust.sd_jwt import parse, revealed
from saltbridge.trust.signature import open_jws


@pytest.fixture(scope="module")
def house() -> House:
    return built_house()


Cells = dict[tuple[str, str, str], frozenset[int]]


@cache
def page_says() -> tuple[Cells, dict[str, dict[str, bool]]]:
    """The two tables of the reference page: points by door, state, reader; attribute cells."""
    page = (ROOT / "docs" / "reference" / "audience-matrix.md").read_text(encoding="utf-8")
    points: Cells = {}
    attributes: dict[str, dict[str, bool]] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 2 + len(READERS) and cells[0] in DOORS:
            for reader, cell in zip(READERS, cells[2:], strict=True):
                for state in cells[1].split(", "):
                    told = frozenset(int(p) for p in re.findall(r"\d", cell))
                    points[cells[0], state, reader] = told
        if len(cells) == 3 + len(READERS) and cells[0] in attribute_table():
            shown = {r: c == "yes" for r, c in zip(READERS, cells[3:], strict=True)}
            attributes[cells[0]] = shown
    return points, attributes


def answer(house: House, door: str, reader: str, state: str) -> tuple[bytes, str]:
    """What the node answers a reader at a door over HTTP, and the media type."""
    serial, id = SERIALS[state], house.ids[state]
    if door in API_DOORS:
        return _asked(house, door, reader, state)
    accept = {"page": "text/html", "JSON": "application/json"}.get(
        door.removeprefix("access "), "application/sd-jwt, application/jose;q=0.5"
    )
    if door == "credential":
        accept = "application/vc+jwt"
    elif door in MODEL_DOORS:
        accept = "text/html" if door == "model page" else "application/json"
    path = {
        **dict.fromkeys(MODEL_DOORS, f"/01/{GTIN}"),
        "keeper's word": f"/passports/{id}/keeping.json",
        "claim file": f"/passports/{id}/claim.json",
        "export statement": f"/passports/{id}/statement.json",
        "access file": f"/01/{GTIN}/21/{serial}/access?format=file",
    }.get(door, f"/01/{GTIN}/21/{serial}{'/access' if door.startswith('access') else ''}")
    here = house.place(state)
    headers = {"Authorization": f"Bearer {here.codes[reader]}", "Accept": accept}
    got = here.client.get(path, headers=headers)
    refused = (404, 406, 410) if door == "credential" else (404, 410)
    assert got.status_code in (200, *refused) or (got.status_code, state) == (307, HANDED)
    told = got.content if got.status_code == 200 else b""
    return told, got.headers.get("content-type", "").partition(";")[0]


def _asked(house: House, door: str, reader: str, state: str) -> tuple[bytes, str]:
    """What the DPP API answers; without a header to everybody, else by the reader's code."""
    here = house.place(state)
    product = f"{house.own.world.node.base_url}/01/{GTIN}/21/{SERIALS[state]}"
    id, product = quote(house.ids[state], safe=""), quote(product, safe="")
    path = {
        "API full": f"/v1/dpps/{id}?representation=full",
        "API by product": f"/v1/dppsByProductId/{product}",
        "API by date": f"/v1/dppsByIdAndDate/{id}?date=2029-06-01T00:00:00Z",
    }.get(door, f"/v1/dpps/{id}")
    linked = door == "API JSON-LD"
    headers = {"Accept": "application/ld+json" if linked else "application/json"}
    if reader != "everybody":
        headers["Authorization"] = f"Bearer {here.codes[reader]}"
    got = here.client.get(path, headers=headers)
    assert got.status_code in (200, 404, 410) or (got.status_code, state) == (307, HANDED)
    return got.content if got.status_code == 200 else b"", "API"


def shown(house: House, door: str, content: bytes, media_type: str) -> frozenset[str]:
    """The attributes an answer holds."""
    if not content or door in ("export statement", "keeper's word"):
        return frozenset()
    if door == "credential":
        view = credential_in(content)
        assert view is not None
        return frozenset(read_json(view)["attributes"])
    if media_type == "API":
        values = read_passport(content).values
        return frozenset(i for i, v in values.items() if not v.not_applicable)
    if media_type == "text/html":
        return _on_the_page(content.decode())
    if media_type in ("application/sd-jwt", "application/jose"):
        return _in_text(content.decode())
    if door in ("claim file", "access file"):
        file = parse_claim_file(content)
        return _in_text("~".join((file.claim.jws, *file.disclosures, "")))
    return frozenset(read_json(content)["attributes"])


def _in_text(signed: str) -> frozenset[str]:
    if "~" not in signed or signed.endswith(".~") or signed.count("~") == 1:
        whole = read_json(open_jws(signed.rstrip("~")).payload)["content"]
        return frozenset(whole["attributes"])
    opened = parse(signed)
    payload = read_json(open_jws(opened.jwt).payload)
    content = revealed(payload, opened.disclosures)["content"]
    return frozenset(presented_view(content)["attributes"])


def _on_the_page(page: str) -> frozenset[str]:
    """The attributes with a line that says something."""
    lines = re.findall(r"<dt>([^<]*)</dt><dd[^>]*>(.*?)</dd>", page, flags=re.DOTALL)
    told = {unescape(label): value for label, value in lines if 'class="absent"' not in value}
    found = set()
    for id in attribute_table():
        label = text(f"attribute.{id}", None, "en")
        dated = text("page.measured", {"label": label, "day": ""}, "en").rstrip(")")
        if any(t == label or t.startswith(dated) for t in told):
            found.add(id)
    return frozenset(found)


def due(house: House, door: str, reader: str, state: str) -> frozenset[str]:
    """The attributes that the page says are shown there, of those with a value."""
    points, attributes = page_says()
    here = points[door, state, reader]
    for id, cells in attributes.items():  # the second table says what the first one implies
        assert cells[reader] is (attribute_table()[id].point in READERS[reader])
    table = attribute_table()
    if door in MODEL_DOORS:  # any battery of the model tells of it
        held = frozenset(i for i in house.held["issued"] if table[i].granularity == "model")
    else:
        held = house.held[state]
    return frozenset(i for i in held if table[i].point in here)


def test_the_page_has_a_cell_for_everything() -> None:
    points, attributes = page_says()
    assert points.keys() == {(d, s, r) for d in DOORS for s in STATES for r in READERS}
    assert attributes.keys() == attribute_table().keys()


def test_the_readers_are_those_of_the_law() -> None:
    """published: Annex XIII: points 2 and 3 to authorities, 2 and 4 to legitimate interest."""
    assert READERS["everybody"] == {1}
    assert READERS["both interests"] == {1, 2, 4}
    assert READERS["authority"] == {1, 2, 3}


def test_the_house_holds_something_in_every_point(house: House) -> None:
    for state in (*LIVE[:-1], *SECOND_LIVES, "of two", "three views"):
        points = [attribute_table()[id].point for id in house.held[state]]
        assert set(points) == {1, 2, 3, 4} and len(points) > 80, state
    assert len(house.aviary.of) > 40


FULL = pytest.mark.full("a minute for every form of the passport in every state")


BY_THE_OPERATOR = ("export", "data sheet", "labels")
# States whose answers differ little from others: one public and one restricted door are quick.
ALIKE = (
    *("changed", "repaired", "suspended", "revoked", "re-used", "repurposed", "of two"),
    *("passed on", "transferred"),
)


def _asked_of_all() -> Iterator[Any]:
    """Every door and state; some forms and states in a full run."""
    for door in DOORS:
        for state in STATES if door not in BY_THE_OPERATOR else ():
            slow = door in API_DOORS and door != "API compressed" and state != "issued"
            slow |= door in MODEL_DOORS and state not in ("issued", "served copy", "kept copy")
            slow |= state in ALIKE and door not in ("page", "access JSON")
            yield pytest.param(door, state, marks=(FULL,) if slow else ())


@pytest.mark.parametrize(("door", "state"), list(_asked_of_all()))
def test_no_cell_is_wrong(house: House, door: str, state: str) -> None:
    wrong = []
    for reader in READERS:
        content, media_type = answer(house, door, reader, state)
        found, wanted = shown(house, door, content, media_type), due(house, door, reader, state)
        if media_type == "text/html":
            wanted, found = wanted - WITHOUT_A_LINE, found - WITHOUT_A_LINE
        wrong += [(reader, id) for id in found.symmetric_difference(wanted)]
        wrong += [(reader, canary) for canary in slipped(house, content, reader, door, state)]
    assert wrong == []


def slipped(house: House, content: bytes, reader: str, door: str, state: str) -> list[str]:
    """Values of attributes that are not for this reader, wherever they stand in the answer."""
    points, _ = page_says()
    allowed = points[door, state, reader]
    forbidden = replace(
        house.aviary,
        of={
            spelling: who
            for spelling, who in house.aviary.of.items()
            if _point(spelling) not in allowed
        },
        searched={},
    )
    return forbidden.heard_by("a reader", content)


def _point(canary: str) -> int | None:
    """The point of the attribute that a canary stands in; None: of no attribute."""
    named = re.fullmatch(r"CANARY-attribute-(A\d{3})-.*", canary)
    if named:
        return attribute_table()[named.group(1)].point
    number = re.fullmatch(r"(70[01],?\d{3})(\.\d+)?", canary)  # 700000 + 7 × number of the row
    if number:
        row = (int(number.group(1).replace(",", "")) - 700000) // 7
        return attribute_table()[f"A{row:03d}"].point
    return 4 if canary.startswith("CANARY-repair") or re.match(r"\d", canary) else None


NOT_EXPORTED = {
    **dict.fromkeys(("unknown", "kept copy", "served copy"), "passport.unknown-passport"),
    **dict.fromkeys(("recycled", "handed over"), "passport.not-active"),
}


@pytest.mark.parametrize(
    "state", [pytest.param(s, marks=FULL) if s in ALIKE else s for s in STATES]
)
def test_no_cell_of_a_data_sheet_is_wrong(
    house: House, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every text that is set into the PDF: the lines of attributes, and canaries anywhere."""
    set_texts: list[Report] = []

    def set_nothing(report: Report, made_at: datetime) -> bytes:
        set_texts.append(report)
        return repr(report).encode()

    monkeypatch.setattr(passport_sheet, "report_pdf", set_nothing)
    for reader in READERS:
        wanted = due(house, "data sheet", reader, state)
        if reader not in AUDIENCES:
            assert wanted == frozenset()
            continue
        request = ExportRequest(
            passport=house.ids[state], format="pdf", audience=AUDIENCES[reader]
        )
        try:
            content = export_passport(house.place(state).world, request).content
        except (FaultyInput, Refused) as fault:
            assert fault.findings[0].code == NOT_EXPORTED[state] and wanted == frozenset()
            continue
        tables = [s.table for s in set_texts[-1].sections if s.table is not None]
        labels = {row[0] for table in tables for row in table.rows}
        assert labels >= {text(f"attribute.{i}", None, "en") for i in wanted}, (reader, state)
        points, _ = page_says()  # what does not apply has a line too, where its point is shown
        here = points["data sheet", state, reader]
        shown_there = {i for i, a in attribute_table().items() if a.point in here}
        assert labels <= {text(f"attribute.{i}", None, "en") for i in shown_there}
        assert slipped(house, content, reader, "data sheet", state) == []


@pytest.mark.parametrize("state", STATES)
def test_no_label_says_more_than_the_address(house: House, state: str) -> None:
    try:
        found = labelled_passports(house.place(state).world, [house.ids[state]])
    except (FaultyInput, Refused) as fault:
        ended = state in ("recycled", "handed over")
        code = "passport.label-ended" if ended else "passport.unknown-passport"
        assert {f.code for f in fault.findings} == {code} and state in NOT_EXPORTED
        return
    (record,) = found
    label = Label(str(record["product_id"]), str(record["serial"]), str(record["gtin"]))
    sheet = labels_svg([label])
    assert SERIALS[state].encode() in sheet
    for reader in READERS:
        assert slipped(house, sheet, reader, "labels", state) == []


@pytest.mark.parametrize(
    "state",
    [s if s in ("issued", "recycled") else pytest.param(s, marks=FULL) for s in STATES],
)
@pytest.mark.parametrize("format", list(FORMATS))
def test_no_cell_of_an_export_is_wrong(house: House, format: str, state: str) -> None:
    """What a format can carry whole of the attributes, and nothing besides them."""
    carried = frozenset(statement(format).carried)
    wrong = []
    for reader in READERS:
        wanted = due(house, "export", reader, state)
        if reader not in AUDIENCES:
            assert wanted == frozenset()
            continue
        request = ExportRequest(
            passport=house.ids[state], format=format, audience=AUDIENCES[reader]
        )
        try:
            content = export_passport(house.place(state).world, request).content
        except (FaultyInput, Refused) as fault:
            assert fault.findings[0].code == NOT_EXPORTED[state] and wanted == frozenset()
            continue
        found = frozenset(read_passport(content).values)
        points, _ = page_says()
        here = points["export", state, reader]
        wrong += [(reader, i) for i in found if attribute_table()[i].point not in here]
        wrong += [(reader, i) for i in (wanted & carried) - found]
    assert wrong == []


def test_a_door_that_shows_more_is_noticed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The matrix has been seen to fail: one point too many in the one table of access."""
    from saltbridge.passport import access
    from saltbridge.services import passport_opening as opening

    wider = {**access.MAY_SEE, Audience.LEGITIMATE_INTEREST: frozenset({1, 2, 3, 4})}
    monkeypatch.setattr(access, "MAY_SEE", wider)
    with pytest.raises(AssertionError):
        test_no_cell_of_an_export_is_wrong(house, "json_ld", "issued")

    monkeypatch.undo()
    real = opening.seen
    monkeypatch.setattr(opening, "seen", lambda version, *_: real(version, Audience.AUTHORITY))
    with pytest.raises(AssertionError):
        test_no_cell_is_wrong(house, "access JSON", "issued")
