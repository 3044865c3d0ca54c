"""What goes into the next batch for the back-up provider, worked out from the log.

Whatever changes a passport leaves a leaf. A batch covers the leaves from where the last one
ended; a passport that changed goes whole, as it stands now, so that the newest copy of it needs
nothing from before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.core.canonical import digest
from saltbridge.formats.passport_copies import ACTIVE, HANDED_OVER, Batch, Entry
from saltbridge.formats.passport_dossier import render_dossier
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_dossier import dossier_of
from saltbridge.steps.passport_status import LIST, released_list
from saltbridge.steps.records import document
from saltbridge.trust.sealed import sealed

ARRANGEMENT: Final = "passport-backup"  # record: with whom, for which keys
CURRENT: Final = "current"  # id of that record
SENT: Final = "passport-backup-sent"  # record by provider: its newest receipted batch
SEND: Final = "passport-backup"  # outbox: what changed is to be sent
MOST: Final = 40  # passports in a batch
_BY_PASSPORT: Final = frozenset(
    {
        *("passport.issued", "passport.versioned", "passport.ceased", "passport.taken-in"),
        *("passport.handed-over", "passport.event", "passport.status"),
    }
)
_MEASURED: Final = "passport.measured"
_LISTED: Final = "passport.status-list"
_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class Due:
    """What changed between two places in the log."""

    passports: Sequence[str]
    lists: Sequence[str]  # numbers of this node's status lists
    log_to: int
    skip: int

    @property
    def nothing(self) -> bool:
        return not self.passports and not self.lists


def due(view: UnitOfWork, log_from: int, skip: int, most: int = MOST) -> Due:
    """The passports that changed since, so many at most, and the lists."""
    passports, lists = dict[str, None](), dict[str, None]()
    size, index = view.log_size(), log_from
    while index < size:
        page = range(index, min(index + _AT_A_TIME, size))
        for leaf in view.log_leaves(page):
            if leaf.event == _LISTED:
                lists[leaf.subject] = None
            found = _passports(view, leaf.event, leaf.subject)[skip:]
            room = most - len(passports)
            taken = found[:room] if len(passports) < most else []
            passports |= dict.fromkeys(taken)
            if len(taken) < len(found):
                return Due([*passports], [*lists], leaf.index, skip + len(taken))
            skip = 0
        index = page.stop
    return Due([*passports], [*lists], size, 0)


def _passports(view: UnitOfWork, event: str, subject: str) -> list[str]:
    """Ids of the passports that a leaf is about."""
    if event in _BY_PASSPORT:
        return [subject.partition("#")[0]]
    if event == _MEASURED:
        file = document(view, "passport-measurement-file", subject) or {"batches": {}}
        return sorted({id.partition("#")[0] for id in file["batches"]})
    return []


def entry_of(
    view: UnitOfWork, world: World, id: str, keys: Sequence[Mapping[str, Any]]
) -> tuple[Entry, Sequence[str]] | None:
    """The copy of a passport with the status lists it stands on; None if there is none."""
    passport = document(view, "passport", id)
    if passport is None:
        return None
    dossier = dossier_of(view, world, passport)
    moved = passport["status"] == HANDED_OVER
    state = HANDED_OVER if moved else dossier.status or ACTIVE
    entry = Entry(
        passport_id=id,
        product_id=dossier.product_id,
        gtin=dossier.gtin,
        serial=dossier.serial,
        state=state,
        ceased_on=dossier.ceased_on,
        moved_to=str(passport["served_at"]) if moved else "",
        versions=tuple({"file": v["file"], "status": v["status"]} for v in dossier.versions),
        sealed=sealed(render_dossier(dossier), keys),
    )
    return entry, dossier.lists


def list_tokens(view: UnitOfWork, numbers: Sequence[str]) -> list[str]:
    """The newest tokens of these lists of this node."""
    released = [released_list(view, int(n)) for n in numbers if view.get(LIST, n) is not None]
    return [one.content.decode("ascii") for one in released if one is not None]


def batch_content(
    to: str,
    before: Mapping[str, Any],
    found: Due,
    entries: Sequence[Entry],
    lists: Sequence[str],
) -> Batch:
    """What the signed claim about a batch says; ``before`` is the record of the last one."""
    return Batch(
        to=to,
        number=int(before["number"]) + 1,
        previous=str(before["claim"]),
        log_from=int(before["log_to"]),
        log_to=found.log_to,
        skip=found.skip,
        passports={entry.passport_id: entry.digest for entry in entries},
        lists=[digest(token.encode("ascii")) for token in lists],
    )
