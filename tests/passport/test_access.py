"""Who sees what: a lattice over the points of Annex XIII, and deny by default."""

from dataclasses import replace

import pytest

from saltbridge.passport.access import MAY_SEE, Audience, may_see, visible_to
from saltbridge.passport.attributes import attribute_table

PUBLISHED = {  # Regulation (EU) 2023/1542, Art. 77(2) and Annex XIII
    (Audience.PUBLIC, 1): True,
    (Audience.PUBLIC, 2): False,
    (Audience.PUBLIC, 3): False,
    (Audience.PUBLIC, 4): False,
    (Audience.LEGITIMATE_INTEREST, 1): True,
    (Audience.LEGITIMATE_INTEREST, 2): True,
    (Audience.LEGITIMATE_INTEREST, 3): False,
    (Audience.LEGITIMATE_INTEREST, 4): True,
    (Audience.AUTHORITY, 1): True,
    (Audience.AUTHORITY, 2): True,
    (Audience.AUTHORITY, 3): True,
    (Audience.AUTHORITY, 4): False,
}


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("attribute", attribute_table().values(), ids=lambda a: a.id)
def test_nobody_sees_a_cell_outside_their_audience(audience: Audience, attribute) -> None:
    assert may_see(audience, attribute) is PUBLISHED[audience, attribute.point]


def test_neither_restricted_audience_contains_the_other() -> None:
    interest, authority = MAY_SEE[Audience.LEGITIMATE_INTEREST], MAY_SEE[Audience.AUTHORITY]
    assert interest - authority == {4}
    assert authority - interest == {3}


@pytest.mark.parametrize("audience", Audience)
def test_an_attribute_without_an_audience_is_shown_to_nobody(audience: Audience) -> None:
    orphan = replace(attribute_table()["A018"], point=None)
    assert visible_to(audience, {"A018": "x"}, {"A018": orphan}) == {}
    assert visible_to(audience, {"A999": "x"}) == {}
