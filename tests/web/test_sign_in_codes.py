"""The pages a one-time code opens: set-up and invitation, in three languages."""

import re
from typing import Any

import pytest

from saltbridge.services import people as service
from saltbridge.services.people_codes import make_setup_code
from saltbridge.testing.browsers import Browser
from saltbridge.testing.builders import memory_world
from saltbridge.testing.people import PASSWORD, people_of
from saltbridge.web.app import create_app


def given(code: str, **changes: str) -> dict[str, Any]:
    return {
        "code": code, "name": "li.wei", "display_name": "李伟",
        "password": PASSWORD, "again": PASSWORD, **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Set up this node", "needs at least 15")),
        ("de", ("Knoten einrichten", "mindestens 15")),
        ("zh", ("设置节点", "至少需要 15")),
    ],
)
def test_the_first_operator_sets_the_node_up(language: str, words: tuple[str, ...]) -> None:
    world = memory_world()
    browser = Browser(create_app(world), world)
    assert "setup-code" in browser.get("/sign-in?lang=en").text
    code = make_setup_code(world).code
    page = browser.get(f"/setup?code={code}&lang={language}").text
    assert words[0] in page and code in page
    poor = browser.post("/setup", given(code, password="short", again="short"))
    assert (
        poor.status_code == 422
        and words[1] in poor.text
        and "short" not in re.sub(r"<style>.*?</style>", "", poor.text, flags=re.S)
    )
    assert browser.post("/setup", given(code, again="another")).status_code == 422
    assert browser.post("/setup", given("wrong")).status_code == 403
    done = browser.post("/setup", given(code))
    assert done.status_code == 303 and "李伟" in browser.get("/account").text
    stranger = Browser(browser.http.app, world)
    assert stranger.get(f"/setup?code={code}").headers["location"] == "/sign-in"
    assert stranger.post("/setup", given(code, name="mole")).status_code == 403
    assert [account.name for account in service.people(world)] == ["li.wei"]


def test_an_operator_invites_and_the_person_comes_in() -> None:
    world = memory_world()
    people_of(world)
    app = create_app(world)
    operator = Browser(app, world).sign_in("operator")
    fields = {"do": "add", "name": "Zhao.Min", "display_name": "<b>赵敏", "roles": ["approver"]}
    page = operator.submit("/operator/people", fields).text
    (link,) = re.findall(r"/invitation\?code=[\w-]+", page)
    assert "&lt;b&gt;赵敏" in page and "<b>赵敏" not in page
    assert link not in operator.get("/operator/people").text  # shown this once
    guest = Browser(app, world)
    assert "zhao.min" in guest.get(link).text
    code = link.partition("code=")[2]
    chosen = {"code": code, "password": PASSWORD, "again": PASSWORD}
    assert guest.post("/invitation", {**chosen, "again": "x"}).status_code == 422
    assert guest.post("/invitation", chosen).status_code == 303
    assert guest.get("/account").status_code == 200
    assert guest.get(link).status_code == 403
    assert guest.post("/invitation", chosen).status_code == 403


def test_an_operator_changes_locks_and_removes_people() -> None:
    world = memory_world()
    people_of(world)
    operator = Browser(create_app(world), world).sign_in("operator")

    def does(**fields: Any) -> int:
        return int(operator.submit("/operator/people", fields).status_code)

    def viewer() -> Any:
        return next(a for a in service.people(world) if a.name == "viewer")

    assert does(do="roles", name="viewer", roles=["auditor", "viewer"]) == 303
    assert viewer().roles == {"auditor", "viewer"}
    assert does(do="roles", name="viewer", roles=["boss"]) == 422
    assert does(do="roles", name="viewer") == 422
    assert does(do="lock", name="viewer") == 303 and viewer().state == "locked"
    assert does(do="unlock", name="viewer") == 303 and viewer().state == "active"
    assert does(do="remove", name="viewer") == 422 and viewer().state == "active"
    assert does(do="remove", name="viewer", sure="yes") == 303 and viewer().state == "removed"
    assert does(do="explode", name="viewer") == 422
    assert does(do="lock", name="operator") == 403  # the last one
    assert does(do="lock", name="nobody") == 403
