"""What could not be done although it was tried again and again: show it, have it tried anew."""

from collections.abc import Sequence

from saltbridge.ports import OutboxEntry, World


def failed_entries(world: World) -> Sequence[OutboxEntry]:
    """Entries of the outbox that are tried no more, the oldest first (a hundred at most)."""
    with world.store.reading() as view:
        return view.failed()


def try_anew(world: World) -> Sequence[OutboxEntry]:
    """The entries of ``failed_entries``; the serving process tries them again from now on."""
    with world.store.unit_of_work() as work:
        found = work.failed()
        for entry in found:
            work.retry(entry.id)
    return found
