"""A saved passport, checked offline: what every kind of change says."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import FaultyInput
from saltbridge.formats.claim_file import parse_claim_file, render_claim_file
from saltbridge.locales import LANGUAGES, has_text, text
from saltbridge.passport.access import Audience
from saltbridge.ports import World
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passports import public_passport
from saltbridge.services.verify import (
    Outcome,
    Verification,
    VerifyRequest,
    anchors_of,
    status_lists_of,
    verify,
)
from saltbridge.steps.passport_reading import presentation_file, stored_version
from saltbridge.testing.builders import NOON
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)
from saltbridge.trust import sd_jwt
from saltbridge.trust.did import build_did_document, parse_did_document

SERIALS = ("MJC24-7K2MQ9", "MJC24-H4TX0B")
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


class Issued:
    """A node with two passports."""

    def __init__(self) -> None:
        self.world: World = carmaker_world()
        put_delivery(self.world, maker_profile(), example_record(EXAMPLES))
        request = IssueRequest(**example_request(EXAMPLES, SERIALS))
        self.ids = [p.id for p in issue(self.world, request).passports]

    def saved(self, number: int = 0) -> dict[str, Any]:
        content = public_passport(self.world, self.ids[number])[0].content
        return dict(read_json(content))

    def for_audience(self, audience: Audience) -> bytes:
        with self.world.store.reading() as work:
            version = stored_version(work, self.ids[0], 1)
            assert version is not None
            file = presentation_file(work, version, audience)
        assert file is not None
        return file

    def checked(self, content: bytes | dict[str, Any], **more: Any) -> Verification:
        if isinstance(content, dict):
            content = canonical_bytes(content)
        request = VerifyRequest(
            content, "x.json", self.world.clock.now(), anchors_of(self.world), **more
        )
        result = verify(request)
        for check in result.checks:
            for language in LANGUAGES:
                assert has_text(f"verify.check.{check.name}", language), check.name
                assert "{" not in text(check.code, check.arguments, language)
        return result


@pytest.fixture(scope="module")
def issued() -> Issued:
    return Issued()


def failed(result: Verification) -> list[tuple[str, str]]:
    return [(c.name, c.code) for c in result.checks if c.outcome is Outcome.FAILED]


def codes(result: Verification) -> dict[str, str]:
    return {c.name: c.code for c in result.checks}


def test_every_audience_can_check_what_it_got(issued: Issued) -> None:
    points = {"public": "1", "legitimate_interest": "1, 2, 4", "authority": "1, 2, 3"}
    for audience in Audience:
        result = issued.checked(issued.for_audience(audience))
        assert failed(result) == []
        assert codes(result)["audience"] == f"verify.audience.{audience.value}"
        (shown,) = [c for c in result.checks if c.name == "disclosures"]
        assert shown.arguments["points"] == points[audience.value]


def test_a_part_left_out_is_no_fault(issued: Issued) -> None:
    saved = issued.saved()
    saved["sd_jwt"] = saved["sd_jwt"].split("~")[0] + "~"
    result = issued.checked(saved)
    assert failed(result) == []
    assert codes(result)["disclosures"] == "verify.discloses-nothing"


def lighter(file: dict[str, Any], other: dict[str, Any]) -> str:
    jwt, part, end = file["sd_jwt"].split("~")
    inside = base64.urlsafe_b64decode(part + "==").replace(b"165.02", b"164.02")
    return "~".join((jwt, base64.urlsafe_b64encode(inside).decode().rstrip("="), end))


def of_another(file: dict[str, Any], other: dict[str, Any]) -> str:
    return "~".join((file["sd_jwt"].split("~")[0], *other["sd_jwt"].split("~")[1:]))


def one_more(file: dict[str, Any], other: dict[str, Any]) -> str:
    return file["sd_jwt"] + sd_jwt.disclosure("A" * 43, "point_4", {}) + "~"


def twice(file: dict[str, Any], other: dict[str, Any]) -> str:
    jwt, part, end = file["sd_jwt"].split("~")
    return "~".join((jwt, part, part, end))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lighter, "trust.sd-foreign"),
        (of_another, "trust.sd-foreign"),
        (one_more, "trust.sd-foreign"),
        (twice, "trust.sd-twice"),
    ],
)
def test_a_part_that_was_not_signed_is_found(
    issued: Issued, change: Callable[[Any, Any], str], code: str
) -> None:
    saved = issued.saved()
    saved["sd_jwt"] = change(saved, issued.saved(1))
    assert failed(issued.checked(saved)) == [("disclosures", code)]


def test_a_swapped_jwt_has_no_place_in_the_log_it_came_with(issued: Issued) -> None:
    swapped = {**issued.saved(), "sd_jwt": issued.saved(1)["sd_jwt"]}
    assert failed(issued.checked(swapped)) == [("log", "trust.log-other-leaf")]


def test_the_address_somebody_came_by_is_held_against_the_signed_one(issued: Issued) -> None:
    saved = issued.saved()
    own = f"http://127.0.0.1:8103/01/09521234567899/21/{SERIALS[0]}"
    assert failed(issued.checked(saved, scanned=f"{own}?lang=de")) == []
    for other in (own.replace("127.0.0.1", "isarwerk.example"), own[:-1], "x"):
        result = issued.checked(saved, scanned=other)
        assert failed(result) == [("address", "verify.address-differs")]


def test_a_supplier_record_shown_as_a_passport_is_refused(issued: Issued) -> None:
    with issued.world.store.reading() as work:
        (delivery,) = (read_json(r.body) for r in work.find("delivery"))
    record = delivery["claim"]
    shown = {**record, "saltbridge": "passport-version", "sd_jwt": record["jws"] + "~"}
    del shown["jws"]
    result = issued.checked(shown)
    assert failed(result) == [("type", "verify.type-differs")]
    passport = issued.saved()
    jws = passport.pop("sd_jwt").split("~")[0]
    as_record = {**passport, "saltbridge": "supplier-record", "jws": jws}
    assert failed(issued.checked(as_record)) == [("type", "verify.type-differs")]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"version": 7},
        {"product_id": 7, "gtin": [], "serial": {}},
        {"product_id": "http://x/01/", "gtin": "1", "serial": "\u202e"},
    ],
)
def test_a_version_with_odd_content_is_told_and_never_a_crash(
    issued: Issued, content: dict[str, Any]
) -> None:
    """A signer may sign anything."""
    from saltbridge.trust.claims import PassportVersion, sign

    place = {"status_list": {"idx": 0, "uri": "http://127.0.0.1:8103/passports/status/0"}}
    for part in ({}, {"attributes": {"A018": {}}}, {"attributes": 7}, {"not_provided": [7]}, 7):
        text = sd_jwt.disclosure("A" * 43, "point_1", part)
        claim = sign(
            PassportVersion,
            sd_jwt.concealed(content, [text]),
            id=issued.world.identifiers.urn_uuid(),
            issued_at=issued.world.clock.now(),
            issuer=issued.world.node.did,
            signer=issued.world.keyring.signer(),
            beside={"_sd_alg": "sha-256", "status": place},
        )
        file = render_claim_file(claim, issued.world.keyring.did_document(), disclosures=[text])
        result = issued.checked(file)
        assert {name for name, _ in failed(result)} & {"disclosures", "address"}
        assert json.dumps([dict(c.arguments) for c in result.checks])


def test_the_bare_text_is_checked_with_keys_from_elsewhere(issued: Issued) -> None:
    text = issued.saved()["sd_jwt"]
    result = issued.checked(f"{text}\n".encode())
    assert failed(result) == []
    assert codes(result)["log"] == "verify.log-absent"  # a text brings no proof
    with pytest.raises(FaultyInput) as fault:
        verify(VerifyRequest(text.encode(), "x.txt", issued.world.clock.now()))
    assert [f.code for f in fault.value.findings] == ["verify.no-keys"]
    for other in (text + "a.b.c", text.split("~")[0], "~", "\u4e2d~"):  # not such a text
        with pytest.raises(FaultyInput) as fault:
            verify(VerifyRequest(other.encode(), "x.txt", issued.world.clock.now()))
        assert fault.value.findings[0].code.startswith("json.")


# Keys


def with_key(issued: Issued, **life: Any) -> dict[str, Any]:
    """The issuer's DID document of later, in which its first key has ended."""
    document = parse_did_document(issued.world.keyring.did_document())
    keys = tuple(
        replace(key, **life) if key.id.endswith("#key-1") else key for key in document.keys
    )
    return build_did_document(replace(document, keys=keys))


def under(issued: Issued, document: dict[str, Any], **more: Any) -> Verification:
    now = NOON + timedelta(days=400)
    anchors = {issued.world.node.did: document}
    content = canonical_bytes(issued.saved())
    lists = status_lists_of(issued.world)
    return verify(VerifyRequest(content, "x", now, anchors, status_lists=lists, **more))


def test_a_key_that_was_rotated_still_vouches_for_what_it_signed(issued: Issued) -> None:
    after = with_key(issued, expires=NOON + timedelta(days=30))
    result = under(issued, after)
    assert failed(result) == []
    assert codes(result)["signature"] == "verify.signed-by-anchor"
    before = with_key(issued, expires=NOON - timedelta(days=1))
    assert failed(under(issued, before)) == [("signature", "trust.key-expired")]


def test_a_revoked_key_vouches_only_for_what_somebody_saw_before(issued: Issued) -> None:
    """A time of its own is no proof: whoever has the key can write any date."""
    document = with_key(issued, revoked=NOON + timedelta(days=30))
    assert failed(under(issued, document)) == [("signature", "trust.key-revoked")]
    proof = parse_claim_file(canonical_bytes(issued.saved())).log
    assert proof is not None
    stamps = {proof.note.text: NOON + timedelta(days=1)}  # an authority saw the log then
    seen_before = under(issued, document, stamps=stamps)
    assert "signature" not in dict(failed(seen_before))
    # The list that was signed with that key says nothing any more: it has to be renewed.
    assert failed(seen_before) == [("status", "trust.key-revoked")]
    late = {proof.note.text: NOON + timedelta(days=31)}
    assert failed(under(issued, document, stamps=late)) == [("signature", "trust.key-revoked")]
