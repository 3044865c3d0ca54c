"""What a verifier reads: footprint, model, evidence; and a replay of the arithmetic.

Every reading is recorded before anything is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from saltbridge.accounts.model import Act, Person
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, SaltbridgeError
from saltbridge.core.finding import Finding, errors_in
from saltbridge.footprint.model import Inventory
from saltbridge.formats.inventory_sources import parse_sources
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.models import (
    KeptFile,
    Model,
    kept_bytes,
    kept_model,
    sources_of,
)
from saltbridge.steps.records import document, every
from saltbridge.steps.verification import (
    may_see,
    note_access,
    require,
    require_sight,
)

if TYPE_CHECKING:
    from saltbridge.steps.replaying import Replay


@dataclass(frozen=True, slots=True)
class Listed:
    """A footprint in a verifier's list."""

    id: str
    product: str
    kind: str
    methodology: str
    made_at: str
    has_model: bool


@dataclass(frozen=True)
class Opened:
    """A footprint with the model behind it. ``inventory`` None: none was kept, or it is
    damaged; ``findings`` say so."""

    id: str
    stored: Mapping[str, Any]
    model: Model | None
    inventory: Inventory | None
    findings: tuple[Finding, ...]


def footprints(world: World, person: Person) -> list[Listed]:
    """The footprints whose models the person may see, the newest first.

    Raises:
        Refused: the person may see none at all.
    """
    require(person, Act.READ_MODEL)
    today = world.clock.now().date()
    found: list[Listed] = []
    with world.store.reading() as view:
        for record in every(view, "footprint"):
            if may_see(view, person, record.id, today):
                found.append(_listed(record.id, read_json(record.body)))
    return sorted(found, key=lambda f: (f.made_at, f.id), reverse=True)


def _listed(id: str, stored: Mapping[str, Any]) -> Listed:
    record = stored["record"]
    method = record["methodology"]
    return Listed(
        id,
        record["product"].get("name") or record["product"].get("id", ""),
        stored["kind"],
        f"{method['id']}@{method['edition']}",
        stored["made_at"],
        bool(stored.get("model")),
    )


def newest(world: World, person: Person) -> str:
    """Id of the newest footprint the person may see.

    Raises:
        FaultyInput: there is none.
        Refused: no role lets them see any.
    """
    found = footprints(world, person)
    if not found:
        raise FaultyInput.of("verification.no-footprint", id="latest")
    return found[0].id


def open_footprint(world: World, person: Person, id: str, what: str = "read") -> Opened:
    """The footprint and its model; that the person opened it is recorded.

    Raises:
        FaultyInput: there is none that this person may see.
        Refused: no role lets them.
    """
    with world.store.unit_of_work() as work:
        require_sight(work, person, id, world.clock.now().date())
        note_access(world, work, person, what, id)
    with world.store.reading() as view:
        return _opened(view, id)


def _opened(view: UnitOfWork, id: str) -> Opened:
    stored = document(view, "footprint", id)
    model = kept_model(view, id)
    if model is None:
        return Opened(id, stored, None, None, ())
    try:
        inventory, findings = parse_sources(sources_of(view, model))
    except SaltbridgeError as fault:
        return Opened(id, stored, model, None, fault.findings)
    return Opened(id, stored, model, inventory, errors_in(findings))


def open_file(world: World, person: Person, id: str, digest: str) -> tuple[KeptFile, bytes]:
    """An evidence or input file of a model, digest checked again; the reading is recorded.

    Raises:
        FaultyInput: this footprint, or a file of this digest with it, is not there for them.
        Refused: no role lets them, or the file is damaged.
    """
    with world.store.unit_of_work() as work:
        require_sight(work, person, id, world.clock.now().date())
        model = kept_model(work, id)
        files = (*model.evidence, *model.files) if model else ()
        file = next((f for f in files if f.digest == digest), None)
        if file is None:
            raise FaultyInput.of("verification.no-file", digest=digest[:80])
        content = kept_bytes(work, file)
        kind = "evidence-opened" if model and file in model.evidence else "input-opened"
        note_access(world, work, person, kind, id, file.digest)
        return file, content


def replay(world: World, person: Person, id: str) -> "Replay":
    """The footprint worked out again from the kept inputs, and what differs.

    Raises:
        FaultyInput: there is none that this person may see.
        Refused: no role lets them.
    """
    from saltbridge.steps.replaying import rerun  # the arithmetic; a node rarely needs it

    with world.store.unit_of_work() as work:
        require_sight(work, person, id, world.clock.now().date())
        note_access(world, work, person, "replayed", id)
    with world.store.reading() as view:
        return rerun(world, view, id)
