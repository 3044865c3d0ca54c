"""The inbox of requests for footprints: seen, answered from a kept sheet, refused."""

import pytest

from saltbridge.core.canonical import read_json
from saltbridge.exchange.pcf_exchange import State
from saltbridge.services import pcf_answer
from saltbridge.testing.browsers import Browser
from saltbridge.testing.builders import memory_world, node_profile, partner_of
from saltbridge.testing.people import people_of
from saltbridge.web.app import create_app

CARS = node_profile("carmaker", jurisdiction="CN", port=8103)
PATH = "/operator/pcf"


@pytest.fixture
def world():
    world = memory_world(node_profile("supplier", partners=(partner_of(CARS),)))
    people_of(world)
    for id, message in (("r-1", "<b>Please</b>"), ("r-2", "")):
        query = {"manufacturerPartId": f"P-{id}", "message": message}
        pcf_answer.receive(world, CARS.bpn, id, query, "1.3.0")
    return world


@pytest.fixture
def operator(world):
    return Browser(create_app(world), world).sign_in("operator")


def state(world, id):
    return pcf_answer.one_request(world, id).state


def post(browser, id, **fields):
    word = browser.form_word("/account")
    return browser.post(f"{PATH}/{id}", {"form_word": word, **fields})


def test_requests_are_listed_and_shown_with_their_words_escaped(operator):
    page = operator.get(PATH).text
    assert "P-r-1" in page
    assert "carmaker" in page
    assert "<b>Please" not in page
    shown = operator.get(f"{PATH}/r-1").text
    assert "&lt;b&gt;Please" in shown
    assert "saltbridge pcf answer r-1" in shown  # no sheet yet
    assert operator.get(f"{PATH}/unknown").status_code == 404


def test_a_request_is_answered_from_its_sheet_once(world, operator, examples):
    path = examples / "partners/material-supplier/figures/precursor-2026.json"
    assert post(operator, "r-1", do="answer").status_code >= 400
    pcf_answer.keep_sheet(world, "P-r-1", read_json(path.read_bytes()))
    assert post(operator, "r-1", do="answer", message="Here").status_code == 303
    assert state(world, "r-1") is State.ANSWERING
    assert post(operator, "r-1", do="answer").status_code >= 400
    with world.store.reading() as view:
        assert len(view.find("decision")) == 2  # the footprint, and the statement about it


def test_a_request_is_refused_with_a_reason(world, operator):
    assert post(operator, "r-2", do="refuse", reason=" ").status_code >= 400
    assert state(world, "r-2") is State.OPEN
    assert post(operator, "r-2", do="refuse", reason="Not ours.").status_code == 303
    assert state(world, "r-2") is State.REFUSING
    assert post(operator, "r-2", do="explode").status_code >= 400
