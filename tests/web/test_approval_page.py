"""The approval pages: who may, what they show, and that a form approves only what was shown."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest

from saltbridge.accounts.model import MAY, Act, Role
from saltbridge.ports import World
from saltbridge.services.approval import MAX_REASON, pending, proposal
from saltbridge.services.border_records import decisions
from saltbridge.services.publish import PublishRequest, publish
from saltbridge.testing.browsers import Browser
from saltbridge.testing.builders import memory_world, node_profile, partner_of
from saltbridge.testing.canaries import battery_record
from saltbridge.testing.people import people_of
from saltbridge.web.app import create_app

CARS = partner_of(node_profile("carmaker", jurisdiction="EU", port=8103))


@pytest.fixture
def world() -> World:
    world = memory_world(node_profile("cellmaker", partners=(CARS,)))
    people_of(world)
    request = PublishRequest(
        document=battery_record(),
        kind="battery-supplier-record",
        recipients=(CARS.bpn,),
        title="Pack <b>SB-1</b>",
        person="Li <script> Wei",
    )
    publish(world, request)
    return world


@pytest.fixture
def app(world: World) -> Any:
    return create_app(world)


def at(app: Any, world: World, name: str) -> Browser:
    return Browser(app, world).sign_in(name)


def waiting(world: World) -> tuple[str, str, str]:
    """Id, digest and path of the one proposal."""
    (one,) = pending(world)
    return one["id"], one["digest"], f"/operator/approvals/{quote(one['id'], safe=':')}"


def approve(browser: Browser, path: str, digest: str) -> Any:
    return browser.submit(path, {"do": "approve", "digest": digest})


def test_only_who_may_approve_comes_in(app: Any, world: World) -> None:
    _, _, path = waiting(world)
    signed_out = Browser(app, world)
    for where in ("/operator/approvals", path, f"{path}x"):
        answer = signed_out.get(where)
        assert answer.status_code == 303 and "/sign-in" in answer.headers["location"]
        assert signed_out.post(where, {"do": "approve"}).status_code in (303, 405)
    for role in Role:
        may = Act.APPROVE in MAY[role]
        person = at(app, world, role.value)
        assert person.get("/operator/approvals").status_code == (200 if may else 403), role
        assert person.get(path).status_code == (200 if may else 403), role
        assert ("/operator/approvals" in person.get("/account").text) is may


@pytest.mark.parametrize("language", ["en", "de", "zh"])
def test_the_page_shows_what_leaves_with_its_values_and_no_value_that_stays(
    app: Any, world: World, language: str
) -> None:
    _, digest, path = waiting(world)
    shown = at(app, world, "approver").get(f"{path}?lang={language}")
    text = shown.text
    assert f'lang="{"zh-Hans" if language == "zh" else language}"' in text
    view = proposal(world, waiting(world)[0])["view"]
    for value in (
        view["suppliers"][0]["name"],
        view["footprint"]["lines_commitment"],
        str(view["footprint"]["stages_merged"]["kg_co2e"]),
        digest,
    ):
        assert value in text
    assert "CANARY" not in text and "31.123456" not in text and "9876.54" not in text
    assert "/footprint/lines/[]/amount" in text  # the name of what stays
    assert "<script" not in text and "<b>SB-1" not in text
    assert "script" not in shown.headers["content-security-policy"]


def test_two_persons_approve_by_form_and_the_release_exists(app: Any, world: World) -> None:
    id, digest, path = waiting(world)
    first, second = at(app, world, "approver"), at(app, world, "compliance-officer")
    answer = approve(first, path, digest)
    assert answer.status_code == 303 and answer.headers["location"].endswith("?said=first")
    assert "approver" in first.get(answer.headers["location"]).text
    again = first.get(path).text
    assert 'value="approve"' not in again and 'value="refuse"' in again
    refused = approve(first, path, digest)
    assert refused.status_code >= 400
    assert decisions(world) == ()
    answer = approve(second, path, digest)
    assert answer.headers["location"].endswith("?said=second")
    shown = second.get(answer.headers["location"]).text
    assert '<form method="post" class="fields">' not in shown
    assert proposal(world, id)["state"] == "released"
    released = [d for d in decisions(world) if d["id"] == id]
    assert [a["name"] for a in released[0]["approvals"]] == ["approver", "compliance-officer"]


def test_a_form_that_shows_another_digest_approves_nothing(app: Any, world: World) -> None:
    id, _, path = waiting(world)
    person = at(app, world, "approver")
    for digest in ("", "sha256:" + "0" * 64):
        assert approve(person, path, digest).status_code >= 400
    assert proposal(world, id)["approvals"] == []


def test_a_foreign_form_or_one_without_its_word_decides_nothing(app: Any, world: World) -> None:
    id, digest, path = waiting(world)
    person = at(app, world, "approver")
    fields = {"do": "approve", "digest": digest}
    word = person.form_word(path)
    assert person.post(path, fields).status_code == 403
    assert person.post(path, {**fields, "form_word": "x" * 43}).status_code == 403
    other = at(app, world, "second-approver").form_word(path)
    assert person.post(path, {**fields, "form_word": other}).status_code == 403
    evil = person.post(path, {**fields, "form_word": word}, origin="https://evil.example")
    assert evil.status_code == 403
    assert proposal(world, id)["approvals"] == []


def test_a_session_kept_after_the_role_was_taken_approves_nothing(
    app: Any, world: World
) -> None:
    from saltbridge.services import people
    from saltbridge.testing.people import SYSTEM

    id, digest, path = waiting(world)
    person = at(app, world, "approver")
    word = person.form_word(path)
    people.change_roles(world, SYSTEM, "approver", ["viewer"])
    answer = person.post(path, {"do": "approve", "digest": digest, "form_word": word})
    assert answer.status_code in (303, 403)
    assert proposal(world, id)["approvals"] == []


def test_refusing_needs_a_reason_and_says_who_reads_it(app: Any, world: World) -> None:
    id, _, path = waiting(world)
    person = at(app, world, "approver")
    assert "The partner will read this" in person.get(path).text
    empty = person.submit(path, {"do": "refuse", "reason": "  "})
    assert empty.status_code >= 400 and 'role="alert"' in empty.text
    long = person.submit(path, {"do": "refuse", "reason": "x" * (MAX_REASON + 1)})
    assert long.status_code >= 400 and "x" * MAX_REASON in long.text  # nothing typed is lost
    done = person.submit(path, {"do": "refuse", "reason": "Not <b>final</b>"})
    assert done.headers["location"].endswith("?said=refused")
    shown = person.get(path).text
    assert "Not &lt;b&gt;final" in shown and proposal(world, id)["state"] == "refused"


def test_what_is_not_there_is_not_there(app: Any, world: World) -> None:
    person = at(app, world, "approver")
    for id in ("urn:uuid:none", "..%2f..", "x" * 3000):
        assert person.get(f"/operator/approvals/{id}").status_code == 404
    _, _, path = waiting(world)
    assert person.submit(path, {"do": "whatever"}).status_code >= 400


def test_forms_have_labels_and_headings_are_in_order(app: Any, world: World) -> None:
    _, _, path = waiting(world)
    text = at(app, world, "approver").get(path).text
    for id in re.findall(r'<textarea id="([^"]+)"', text):
        assert f'<label for="{id}">' in text
    levels = [int(level) for level in re.findall(r"<h(\d)", text)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
