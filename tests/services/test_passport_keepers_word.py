"""The operator is gone: a passport is still checked, as of a day, by the word of its keeper."""

from collections.abc import Sequence
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.neighbours import GTIN, SERIALS
from tests.services.test_passport_backup import WEIGHED, Scene, faults, page

from saltbridge.core.errors import FaultyInput
from saltbridge.locales import LANGUAGES, has_text, text
from saltbridge.services.passport_backup import send
from saltbridge.services.passport_keeping import serve, withdraw
from saltbridge.services.passport_status import StatusRequest, change_status
from saltbridge.services.passport_version import VersionRequest, new_version
from saltbridge.services.verify import Outcome, Verification, VerifyRequest, verify
from saltbridge.trust.status_list import Status

PATH = f"/01/{GTIN}/21/{SERIALS[0]}"


@pytest.fixture
def served(examples: Path) -> Scene:
    """The carmaker made two versions, sent them, and is gone; the keeper shows the copy."""
    scene = Scene(examples)
    new_version(
        scene.cars, VersionRequest(passport=SERIALS[0], facts=WEIGHED, reason="weighed")
    )
    send(scene.cars)
    scene.gone()
    serve(scene.keeper, scene.act("insolvency"))
    return scene


def saved(scene: Scene, name: str, query: str = "") -> bytes:
    """A file that a reader saves from the page of the copy."""
    answer = page(scene.keeper, f"/passports/{scene.ids[SERIALS[0]]}/{name}{query}", "*/*")
    assert answer.status_code == 200
    return bytes(answer.content)


def checked(
    scene: Scene,
    content: bytes,
    keeper: bytes | None,
    trust: Sequence[Any] = (),
    days: int = 0,
) -> Verification:
    """What a reader finds offline, who trusts these companies, so many days later."""
    now = scene.keeper.clock.now() + timedelta(days=days)
    anchors = {world.node.did: world.keyring.did_document() for world in trust}
    result = verify(VerifyRequest(content, "x.json", now, anchors, keeper=keeper))
    for check in result.checks:
        for language in LANGUAGES:
            assert has_text(f"verify.check.{check.name}", language)
            assert "{" not in text(check.code, check.arguments, language)
    return result


def told(result: Verification) -> dict[str, tuple[str, Outcome]]:
    return {c.name: (c.code, c.outcome) for c in result.checks}


def test_without_the_keeper_a_reader_knows_neither_keys_nor_status(served: Scene) -> None:
    found = told(checked(served, saved(served, "claim.json"), None))
    assert found["issuer"] == ("verify.issuer-open", Outcome.OPEN)
    assert found["status"] == ("verify.status-unchecked", Outcome.OPEN)


def test_by_a_trusted_keeper_it_is_checked_as_of_its_day(served: Scene) -> None:
    claim, word = saved(served, "claim.json"), saved(served, "keeping.json")
    result = checked(served, claim, word, [served.keeper])
    found = told(result)
    assert Outcome.FAILED not in {outcome for _, outcome in found.values()}
    assert found["issuer"] == ("verify.issuer-kept", Outcome.PASSED)
    assert found["status"] == ("verify.status-valid", Outcome.PASSED)
    assert found["keeper"] == ("verify.keeper-trusted", Outcome.PASSED)
    (said,) = [c for c in result.checks if c.name == "keeper"]
    assert said.arguments == {
        "keeper": served.keeper.node.did,
        "as_of": served.keeper.clock.now().date().isoformat(),
    }


def test_when_the_last_list_has_run_out_nobody_says_that_it_holds(served: Scene) -> None:
    claim, word = saved(served, "claim.json"), saved(served, "keeping.json")
    found = told(checked(served, claim, word, [served.keeper], days=400))
    assert found["status"] == ("verify.status-kept", Outcome.OPEN)
    assert found["issuer"] == ("verify.issuer-kept", Outcome.PASSED)


def test_a_keeper_whom_nobody_knows_vouches_for_nothing(served: Scene) -> None:
    claim, word = saved(served, "claim.json"), saved(served, "keeping.json")
    found = told(checked(served, claim, word))
    assert found["issuer"] == ("verify.issuer-open", Outcome.OPEN)
    assert found["keeper"] == ("verify.keeper-open", Outcome.OPEN)


def test_an_older_version_is_superseded_by_the_kept_list(served: Scene) -> None:
    old, word = saved(served, "claim.json", "?version=1"), saved(served, "keeping.json")
    found = told(checked(served, old, word, [served.keeper], days=400))
    assert found["status"] == ("verify.status-superseded", Outcome.FAILED)


def test_the_bare_text_is_read_with_the_kept_keys(served: Scene) -> None:
    bare = page(served.keeper, PATH, "application/sd-jwt").content
    found = told(checked(served, bare, saved(served, "keeping.json"), [served.keeper]))
    assert found["issuer"] == ("verify.issuer-kept", Outcome.PASSED)


def test_a_word_that_was_touched_or_is_about_another_is_refused(served: Scene) -> None:
    claim, word = saved(served, "claim.json"), saved(served, "keeping.json")
    wrong = word.replace(b'"jws":"ey', b'"jws":"eyJ')
    for keeper in (wrong, claim, b"{}"):
        with pytest.raises(FaultyInput):
            checked(served, claim, keeper, [served.keeper])
    with pytest.raises(FaultyInput) as fault:  # signed by the keeper about the carmaker
        checked(served, saved(served, "statement.json"), word, [served.keeper])
    assert [f.code for f in fault.value.findings] == ["verify.keeper-of-another"]


def test_it_is_said_where_a_copy_is_served_and_nowhere_else(served: Scene) -> None:
    id = served.ids[SERIALS[0]]
    withdraw(served.keeper, served.act("it answers again"))
    assert page(served.keeper, f"/passports/{id}/keeping.json", "*/*").status_code == 404
    assert page(served.town["heir"], f"/passports/{id}/keeping.json").status_code == 404
    assert faults(served.keeper) == []


def test_a_later_batch_renews_the_word_of_a_served_copy(examples: Path) -> None:
    """By order of an authority a copy is served while its operator still answers."""
    scene = Scene(examples)
    send(scene.cars)
    ordered = scene.act("order", ordered_by="an authority", reference="1")
    serve(scene.keeper, ordered)
    before = saved(scene, "keeping.json")
    claim = saved(scene, "claim.json")
    assert (
        told(checked(scene, claim, before, [scene.keeper]))["status"][1] is not Outcome.FAILED
    )
    revoked = StatusRequest(passport=SERIALS[0], status=Status.INVALID, reason="tried")
    change_status(scene.cars, revoked)
    send(scene.cars)
    after = saved(scene, "keeping.json")
    found = told(checked(scene, claim, after, [scene.keeper]))
    assert found["status"] == ("verify.status-revoked", Outcome.FAILED)


# Versions of a copy


def test_every_version_that_the_copy_holds_is_served(served: Scene) -> None:
    newest = page(served.keeper, PATH).text
    assert f"{PATH}?version=1" in newest
    old = page(served.keeper, f"{PATH}?version=1")
    assert old.status_code == 200 and f"{PATH}?version=2" in old.text
    first = page(served.keeper, f"{PATH}?version=1", "application/json")
    assert first.json()["version"] == "1"
    assert first.headers["Saltbridge-Copy-Of"] == served.cars.node.did
    assert page(served.keeper, f"{PATH}?version=2", "application/json").json()["version"] == "2"
    for none in ("3", "0", "x"):
        assert page(served.keeper, f"{PATH}?version={none}").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_a_copy_says_as_of_when_and_from_whom(served: Scene, language: str) -> None:
    shown = page(served.keeper, f"{PATH}?lang={language}").text
    assert "keeping.json" in shown
    assert served.keeper.node.legal_name in shown
    assert text("assurance.mark.open", None, language) in shown
    # Whose name the address bar shows: the keeper's, and not that of who is gone.
    asked = text("assurance.check.name", {"issuer": served.keeper.node.legal_name}, language)
    assert asked in unescape(shown)
