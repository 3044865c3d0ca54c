"""The record of who read restricted data: written before anything is shown, in batches.

One record and one log leaf hold every access that waited while the batch before was being
written, so that many readers at once cost one transaction, and nobody is shown anything that is
not durable. In that transaction the grants are looked at once more: what was revoked while a
request was under way is not answered.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.passport.grants import Grantee
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import every
from saltbridge.trust.did import iso

ACCESS: Final = "passport-access"
LEAF: Final = "passport.accessed"
MOST_IN_A_BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Somebody reads restricted points of a passport: who, what, for what, by which door."""

    reader: Grantee
    audience: str
    purposes: Sequence[str]
    grants: Sequence[str]
    passport: str
    version: int
    points: Sequence[int]
    endpoint: str
    use: str = "read"

    def record(self, at: str) -> dict[str, Any]:
        """The access as it is stored."""
        told = asdict(self)
        told["reader"]["kind"] = self.reader.kind.value
        lists = {name: list(told[name]) for name in ("purposes", "grants", "points")}
        return {**told, **lists, "at": at}


Stands = Callable[[UnitOfWork], bool]


def keep_accesses(world: World, work: UnitOfWork, accesses: Sequence[Access]) -> None:
    """Record and log accesses in the unit of work that was handed in."""
    at = iso(world.clock.now())
    id = world.identifiers.urn_uuid()
    told = [access.record(at) for access in accesses]
    body = canonical_bytes({"id": id, "at": at, "accesses": told})
    work.put(ACCESS, id, body, expected_version=0)
    work.append_leaf(LEAF, id, body)


def kept_accesses(view: UnitOfWork) -> Iterator[Mapping[str, Any]]:
    """Every access that was recorded, in no order."""
    for record in every(view, ACCESS):
        yield from read_json(record.body)["accesses"]


@dataclass
class _Waiting:
    access: Access
    stands: Stands
    written: bool | None = None  # None: not looked at yet
    fault: Exception | None = field(default=None, repr=False)


class AccessRecorder:
    """Records accesses from many threads; whoever comes first writes for all who wait."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._waiting: list[_Waiting] = []
        self._list = Lock()
        self._turn = Lock()

    def record(self, access: Access, stands: Stands) -> bool:
        """True once the access is durably recorded; False where it may no longer be.

        ``stands`` is asked in the transaction that records it.
        """
        own = _Waiting(access, stands)
        with self._list:
            self._waiting.append(own)
        while own.written is None and own.fault is None:
            with self._turn:
                if own.written is None and own.fault is None:
                    self._write()
        if own.fault is not None:
            raise own.fault
        return bool(own.written)

    def _write(self) -> None:
        with self._list:
            batch = self._waiting[:MOST_IN_A_BATCH]
            del self._waiting[:MOST_IN_A_BATCH]
        try:
            with self._world.store.unit_of_work() as work:
                standing = [one for one in batch if one.stands(work)]
                if standing:
                    keep_accesses(self._world, work, [one.access for one in standing])
        except Exception as fault:  # everybody who waited gets to know, and is shown nothing
            for one in batch:
                one.fault = fault
            return
        for one in batch:
            one.written = one in standing
