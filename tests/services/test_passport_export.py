"""Export of an issued passport: the public part is a Release, the rest is for its audience."""

from pathlib import Path

import pytest

from saltbridge.core.canonical import digest, read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.formats.passport_formats import read_passport
from saltbridge.formats.passport_registry import FORMATS
from saltbridge.passport.access import MAY_SEE, Audience
from saltbridge.passport.attributes import attribute_table
from saltbridge.ports import World
from saltbridge.reports.passport_sheet import media_type_of
from saltbridge.services.issue import IssuedPassport, issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.services.passport_export import ExportRequest, export_passport
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)

SERIAL = "MJC24-7K2MQ9"


@pytest.fixture
def world() -> World:
    return carmaker_world()


@pytest.fixture
def issued(world: World, examples: Path) -> IssuedPassport:
    put_delivery(world, maker_profile(), example_record(examples))
    return issue(world, IssueRequest(**example_request(examples, [SERIAL]))).passports[0]


def ask(format: str, audience: Audience, passport: str = SERIAL) -> ExportRequest:
    return ExportRequest(passport=passport, format=format, audience=audience, person="QA")


@pytest.mark.parametrize("format", [*FORMATS, "pdf"])
def test_the_public_export_is_a_release_with_decision_statement_and_leaf(
    format: str, world: World, issued: IssuedPassport
) -> None:
    with world.store.reading() as work:
        before = len(work.leaf_hashes())
    exported = export_passport(world, ask(format, Audience.PUBLIC))
    with world.store.reading() as work:
        kept = work.get_release(digest(exported.content), exported.decision_id)
        record = work.get("decision", exported.decision_id)
        assert kept is not None and kept.content == exported.content
        assert kept.media_type == media_type_of(format) and kept.audience == "public"
        assert record is not None and read_json(record.body)["person"] == "QA"
        assert len(work.leaf_hashes()) > before


@pytest.mark.parametrize("audience", Audience)
def test_an_audience_gets_what_its_points_hold_and_nothing_else(
    audience: Audience, world: World, issued: IssuedPassport
) -> None:
    exported = export_passport(world, ask("idta_02035", audience, issued.id))
    points = {attribute_table()[id].point for id in read_passport(exported.content).values}
    assert points == MAY_SEE[audience] - ({4} if audience is Audience.AUTHORITY else set())


def test_a_restricted_export_leaves_a_leaf_and_no_release(
    world: World, issued: IssuedPassport
) -> None:
    with world.store.reading() as work:
        before = len(work.leaf_hashes())
    exported = export_passport(world, ask("idta_02035", Audience.AUTHORITY))
    assert exported.decision_id == ""
    with world.store.reading() as work:
        leaves = [work.log_leaf(i) for i in range(before, work.log_size())]
        (record,) = work.find("passport-access")
        assert work.get_release(digest(exported.content), "") is None
    assert [leaf.event for leaf in leaves if leaf] == ["passport.accessed", "passport.exported"]
    (access,) = read_json(record.body)["accesses"]
    assert (access["points"], access["use"]) == ([2, 3], "download")


def test_what_the_border_withholds_is_not_exported(
    world: World, issued: IssuedPassport, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saltbridge.border.decide import decide
    from saltbridge.services import passport_export

    def strict(document, context, catalogue, packs):  # type: ignore[no-untyped-def]
        secret = {"A035": {"name": "battery_status", "value": "original"}}
        attributes = {**document["attributes"], **secret}
        return decide({**document, "attributes": attributes}, context, catalogue, packs)

    monkeypatch.setattr(passport_export, "decide", strict)
    with pytest.raises(Refused):
        export_passport(world, ask("idta_02035", Audience.PUBLIC))


@pytest.mark.parametrize("wanted", ["nobody", "../../etc/passwd", ""])
def test_an_unknown_passport_is_no_traceback(
    wanted: str, world: World, issued: IssuedPassport
) -> None:
    with pytest.raises(FaultyInput):
        export_passport(world, ask("idta_02035", Audience.PUBLIC, wanted))
    with pytest.raises(FaultyInput) as told:
        export_passport(world, ask("idta_9", Audience.PUBLIC))
    assert told.value.findings[0].code == "format.unknown"
