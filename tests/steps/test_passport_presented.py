"""A signed part is shown whole or not at all; an attribute that moved takes it with it."""

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from saltbridge.passport import access
from saltbridge.passport.access import Audience
from saltbridge.passport.attributes import attribute_table
from saltbridge.services.issue import issue
from saltbridge.services.issue_sources import IssueRequest
from saltbridge.steps.passport_reading import presented, seen, stored_version
from saltbridge.testing.deliveries import (
    carmaker_world,
    example_record,
    example_request,
    maker_profile,
    put_delivery,
)


def test_a_part_with_an_attribute_that_is_no_longer_for_the_reader_stays(
    examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = carmaker_world()
    put_delivery(world, maker_profile(), example_record(examples))
    issued = issue(world, IssueRequest(**example_request(examples, ["MJC24-7K2MQ9"])))
    with world.store.reading() as work:
        version = stored_version(work, issued.passports[0].id, 1)
    assert version is not None
    authority = Audience.AUTHORITY
    assert len(presented(version, authority).disclosures) == 3
    assert "A080" in seen(version, authority)["attributes"]
    narrow = presented(version, authority, {1, 2})
    assert len(narrow.disclosures) == 2
    assert len(presented(version, authority, {4}).disclosures) == 0

    # The law moves part numbers to what the individual battery's readers see.
    table = dict(attribute_table())
    table["A080"] = replace(table["A080"], point=4)
    monkeypatch.setattr(access, "attribute_table", lambda: MappingProxyType(table))
    assert len(presented(version, authority).disclosures) == 2
    assert "A080" not in seen(version, authority)["attributes"]
