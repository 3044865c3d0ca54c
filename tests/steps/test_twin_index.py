"""The lists by which twins are found: every page of a search, against plain sets."""

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from saltbridge.exchange.twins import EVERY_PARTNER, AssetLink, list_name
from saltbridge.steps import twin_index
from saltbridge.steps.twin_index import LINK, change_rows, find_twins
from saltbridge.testing.builders import memory_world

READER = "BPNL00000000OEM1"
KEYS = [f"2026-11-23T12:00:{n:02}.000000Z#urn:twin:{n}" for n in range(40)]
LINKS = [AssetLink("name", value) for value in "abc"]
some = st.sets(st.sampled_from(KEYS))


def rows(lists, reader):
    """Rows for the lists of the three links, one set of keys each."""
    return [
        f"{list_name(reader, link)}:{key}"
        for link, keys in zip(LINKS, lists, strict=True)
        for key in keys
    ]


def gone_through(view, readers, links, limit):
    """All pages of a search, one after the other."""
    found, after = [], ""
    for _ in range(200):
        page = find_twins(view, readers, links, after=after, limit=limit)
        assert len(page.keys) <= limit
        found += page.keys
        if not page.next:
            return found
        assert page.next > after
        after = page.next
    raise AssertionError("the pages never end")


@settings(max_examples=120, deadline=None)
@given(
    st.lists(some, min_size=3, max_size=3),
    st.lists(some, min_size=3, max_size=3),
    some,
    st.integers(1, 3),
    st.integers(1, 7),
    st.integers(1, 3),
)
def test_a_search_finds_what_is_in_all_the_lists_once_and_in_order(
    own, shared, removed, asked, limit, most_pages
):
    world = memory_world()
    with world.store.unit_of_work() as work:
        before = rows(own, READER) + rows(shared, EVERY_PARTNER)
        change_rows(work, (), before)
        after = [row for row in before if row.partition(":")[2] not in removed]
        change_rows(work, before, after)
    own = [keys - removed for keys in own]
    shared = [keys - removed for keys in shared]
    due = set.intersection(*own[:asked]) | set.intersection(*shared[:asked])
    # Small pages, and few of them, so that every way through the lists is gone.
    small = patch.multiple(twin_index, _PAGE=3, _MOST_PAGES=most_pages)
    with small, world.store.reading() as view:
        found = gone_through(view, (READER, EVERY_PARTNER), LINKS[:asked], limit)
    assert found == sorted(due)


def test_what_was_gone_comes_back_as_a_further_version():
    world = memory_world()
    row = f"{list_name(READER, LINKS[0])}:{KEYS[0]}"
    for before, after in (((), [row]), ([row], ()), ((), [row])):
        with world.store.unit_of_work() as work:
            change_rows(work, before, after)
    with world.store.reading() as view:
        assert view.get(LINK, row).version == 3
        assert find_twins(view, (READER,), LINKS[:1], limit=5).keys == (KEYS[0],)


def test_a_lookup_of_one_twin_reads_few_rows_however_long_the_other_lists_are():
    world = memory_world()
    with world.store.unit_of_work() as work:
        change_rows(work, (), rows([set(KEYS), set(KEYS), {KEYS[17]}], READER))
    read = 0
    with world.store.reading() as view:
        find, get_many = view.find, view.get_many

        def counted(kind, **where):
            nonlocal read
            told = find(kind, **where)
            read += len(told)
            return told

        def also_counted(kind, ids):
            nonlocal read
            told = get_many(kind, ids)
            read += len(told)
            return told

        with patch.object(view, "find", counted), patch.object(view, "get_many", also_counted):
            assert find_twins(view, (READER, EVERY_PARTNER), LINKS, limit=50).keys == (
                KEYS[17],
            )
    assert read <= 12
