"""All records of a kind, however many pages they fill."""

from saltbridge.steps.records import document, every
from saltbridge.testing.builders import memory_world


def test_every_record_comes_once_by_ascending_id_over_several_pages():
    world = memory_world()
    ids = [f"{n:05}" for n in range(2001)]  # a page holds 1000
    with world.store.unit_of_work() as work:
        for id in reversed(ids):
            work.put("dataset", id, b"{}")
        work.put("delivery", "another kind", b"{}")
    with world.store.reading() as view:
        assert [record.id for record in every(view, "dataset")] == ids
        assert list(every(view, "nothing")) == []


def test_a_document_that_is_not_there_is_none_and_so_is_one_without_id():
    world = memory_world()
    with world.store.unit_of_work() as work:
        work.put("dataset", "a", b'{"n":1}')
        work.put("dataset", "a", b'{"n":2}')
    with world.store.reading() as view:
        assert document(view, "dataset", "a") == {"n": 2}
        assert document(view, "dataset", "b") is None
        assert document(view, "dataset", "") is None
