"""Names of readers are kept for a term; the log shows for good that somebody read."""

from dataclasses import replace

import pytest
from tests.services.test_annex import LI, OPERATOR

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import Refused
from saltbridge.passport.grants import Grantee, GranteeKind
from saltbridge.ports import World
from saltbridge.services import access_retention as retention
from saltbridge.services.log_audit import audit
from saltbridge.steps.passport_access_log import Access, keep_accesses, kept_accesses
from saltbridge.testing.builders import FixedClock, memory_world, node_profile


def a_world(**settings: object) -> tuple[World, FixedClock]:
    clock = FixedClock()
    world = memory_world(node_profile("cars", jurisdiction="EU"), clock=clock)
    return replace(world, settings=settings), clock


def read(world: World, name: str) -> None:
    access = Access(
        reader=Grantee(GranteeKind.PERSON, name, name),
        audience="authority",
        purposes=("surveillance",),
        grants=(),
        passport="urn:uuid:00000000-0000-4000-8000-000000000001",
        version=1,
        points=(2, 3),
        endpoint="page",
    )
    with world.store.unit_of_work() as work:
        keep_accesses(world, work, [access, access])


def names(world: World) -> list[str]:
    with world.store.reading() as view:
        return sorted({a["reader"]["name"] for a in kept_accesses(view)})


def test_names_go_after_the_term_and_the_log_stays_whole() -> None:
    world, clock = a_world()
    read(world, "Ada")
    clock.advance(days=365)
    read(world, "Grace")
    clock.advance(days=2 * 365)
    assert retention.due(world).records == 0  # not a day before
    clock.advance(days=2)
    assert (retention.due(world).records, retention.due(world).accesses) == (1, 2)
    with world.store.reading() as view:
        root, size = view.log_root(), view.log_size()
    done = retention.erase(world, LI)
    assert (done.records, done.accesses, names(world)) == (1, 2, ["Grace"])
    with world.store.reading() as view:
        assert view.log_root(size) == root
        (tombstone,) = (read_json(r.body) for r in view.find("erased"))
    assert "Ada" not in str(tombstone) and tombstone["accesses"] == 2
    assert audit(world).findings == ()
    assert retention.erase(world, LI).records == 0


def test_an_access_that_went_without_a_tombstone_is_noticed() -> None:
    world, clock = a_world()
    read(world, "Ada")
    clock.advance(days=1)
    with world.store.unit_of_work() as work:
        work.forget("passport-access", clock.now())
    assert {f.code for f in audit(world).findings} == {"audit.document-gone"}


def test_only_who_may_load_rules_erases() -> None:
    world, clock = a_world()
    read(world, "Ada")
    clock.advance(days=4000)
    with pytest.raises(Refused):
        retention.erase(world, OPERATOR)
    assert names(world) == ["Ada"]


@pytest.mark.parametrize(("setting", "term"), [(1, 1), (9, 9), (0, 3), (True, 3), ("2", 3)])
def test_the_term_is_a_setting(setting: object, term: int) -> None:
    world, _ = a_world(passport_access={"retention_years": setting})
    assert retention.years(world) == term
