"""The operator's pages: closed to strangers, readable in three languages, no canary."""

from dataclasses import replace

import pytest
from fastapi import FastAPI

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import Refused
from saltbridge.ports import World
from saltbridge.services import approval
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.approvals import approve_all
from saltbridge.testing.browsers import Browser
from saltbridge.testing.builders import memory_world, node_profile, partner_of
from saltbridge.testing.canaries import battery_record, footprint
from saltbridge.testing.people import people_of
from saltbridge.web.app import create_app

CARS = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))


def delivery(number: int, ok: bool = True) -> dict[str, object]:
    return {
        "id": f"urn:uuid:delivery-{number}",
        "provider": {"bpn": CARS.bpn, "did": CARS.did},
        "received_at": "2026-11-23T10:00:00Z",
        "claim_type": "supplier-record",
        "checks": [
            {"number": 1, "name": "signature", "ok": True, "detail_code": "", "arguments": {}},
            {
                "number": 2,
                "name": "<b>issuer</b>",
                "ok": ok,
                "detail_code": "" if ok else "trust.issuer-differs",
                "arguments": {"found": "did:web:a", "due": "did:web:b"},
            },
        ],
    }


def filled_world() -> World:
    world = memory_world(node_profile("cellmaker", partners=(CARS,)))
    people_of(world)
    request = PublishRequest(
        document=battery_record(),
        kind="battery-supplier-record",
        recipients=(CARS.bpn,),
        title="Pack <SB-1>",
        person="Li <script> Wei",
    )
    publish(world, request)
    approve_all(world, approval)
    with pytest.raises(Refused):
        publish(world, replace(request, purpose="other"))
    with world.store.unit_of_work() as work:
        record = footprint()
        record["product"]["name"] = "Pack <i>NMC</i>"
        work.put("footprint", "f1", canonical_bytes({"record": record, "receipt": ""}))
        work.put("delivery", "d1", canonical_bytes(delivery(1)))
        work.put("delivery", "d2", canonical_bytes(delivery(2, ok=False)))
    return world


@pytest.fixture(scope="module")
def world() -> World:
    return filled_world()


@pytest.fixture(scope="module")
def app(world) -> FastAPI:
    return create_app(world)


@pytest.fixture
def operator(app, world) -> Browser:
    return Browser(app, world).sign_in("operator")


def manifest_path(world: World) -> str:
    with world.store.reading() as work:
        decisions = [r.id for r in work.find("decision")]
    return f"/operator/manifests/{decisions[0]}"


def test_whoever_is_not_signed_in_finds_a_form_and_nothing_else(app, world):
    stranger = Browser(app, world)
    for path in ("/operator", "/operator?token=x", manifest_path(world)):
        answer = stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?next=/operator")
        assert answer.content == b""


def test_a_viewer_sees_the_overview_and_no_decisions(app, world):
    viewer = Browser(app, world).sign_in("viewer")
    page = viewer.get("/operator?lang=en").text
    assert "Offered datasets" in page and "Border decisions" not in page
    assert "/operator/manifests/" not in page
    refused = viewer.get(f"{manifest_path(world)}?lang=en")
    assert refused.status_code == 403 and CARS.bpn not in refused.text
    assert "for other roles" in refused.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Border decisions", "released", "1 of 2 checks failed")),
        ("de", ("Grenzentscheidungen", "freigegeben", "1 von 2 Prüfungen nicht bestanden")),
        ("zh", ("数据提供决定", "已放行", "2 项检查中有 1 项未通过")),
    ],
)
def test_the_overview_speaks_three_languages(operator, language, words):
    page = operator.get(f"/operator?lang={language}").text
    assert all(word in page for word in words)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (
            "en",
            ("Left as it is", "Stayed", "inventory lines", "no legal advice", "2026 edition"),
        ),
        ("de", ("Geblieben", "Zeilen der Sachbilanz", "keine Rechtsberatung")),
        ("zh", ("保留未提供", "清单数据行", "不构成法律意见")),
    ],
)
def test_the_manifest_speaks_three_languages(operator, world, language, words):
    page = operator.get(f"{manifest_path(world)}?lang={language}").text
    assert all(word in page for word in words)


def test_the_manifest_tells_fields_and_no_values(operator, world):
    page = operator.get(f"{manifest_path(world)}?lang=en").text
    assert "CANARY" not in page and "7f3c9a" not in page
    assert "/footprint/lines/[]/amount" in page and CARS.bpn in page


def test_what_people_and_partners_wrote_is_escaped(operator, world):
    overview = operator.get("/operator?lang=en").text
    manifest = operator.get(f"{manifest_path(world)}?lang=en").text
    for tag in ("<b>issuer", "<i>NMC", "<SB-1>", "<script"):
        assert tag not in overview and tag not in manifest
    assert "&lt;b&gt;issuer" in overview and "Li &lt;script&gt; Wei" in manifest


def test_pages_ask_for_nothing_else_and_are_not_kept(operator):
    answer = operator.get("/operator?lang=en")
    assert "<script" not in answer.text and "http-equiv" not in answer.text
    assert "src=" not in answer.text and answer.text.count("<link") == 1  # the empty icon
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_an_unknown_manifest_is_not_found(operator):
    assert operator.get("/operator/manifests/urn:uuid:none").status_code == 404


def test_an_empty_node_has_a_page_too():
    empty = memory_world(node_profile("new"))
    people_of(empty)
    page = Browser(create_app(empty), empty).sign_in("operator").get("/operator?lang=en")
    assert page.status_code == 200 and page.text.count("None yet.") == 4
