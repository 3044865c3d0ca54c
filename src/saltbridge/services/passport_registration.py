"""Passports are registered: a hundred at a time, each hundred whole or not at all.

Told is what is public already: identifiers, the operator, where the passport is read, and the
digest of the version, out of its released claim file's record. A registration is kept with its
proof and is a leaf of the log; what is registered is not registered again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.errors import FaultyInput
from saltbridge.ports import (
    MOST_IN_A_FILE,
    PassportRegistry,
    RegistryEntry,
    UnitOfWork,
    World,
)
from saltbridge.steps.passport_backup import ARRANGEMENT, CURRENT
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_reading import newest_number, stored_version
from saltbridge.steps.passport_status import status_of
from saltbridge.steps.records import document, every
from saltbridge.trust.did import iso
from saltbridge.trust.status_list import Status

RECORD: Final = "passport-registration"


@dataclass(frozen=True, slots=True)
class Registered:
    """One registration, as it is told."""

    serial: str
    passport_id: str
    registration_id: str
    registry: str
    simulated: bool


def register(
    world: World, registry: PassportRegistry, wanted: Sequence[str] = (), person: str = ""
) -> list[Registered]:
    """Register the passports named, or all active ones that are not registered yet.

    Raises:
        FaultyInput: one of those named is unknown, not active, or not valid now.
        Refused: the registry refuses a file; the hundreds before it stay registered.
    """
    made: list[Registered] = []
    for batch in batches(world, wanted):
        now = world.clock.now()
        answers = registry.register([entry for entry, _ in batch], now)
        serials = {entry.passport_id: serial for entry, serial in batch}
        versions = {entry.passport_id: entry.version_digest for entry, _ in batch}
        with world.store.unit_of_work() as work:
            for answer in answers:
                body = {
                    "passport_id": answer.passport_id,
                    "registration_id": answer.registration_id,
                    "registry": registry.name,
                    "simulated": registry.simulated,
                    "version_digest": versions[answer.passport_id],
                    "registered_at": iso(now),
                    "person": person,
                    "proof": answer.proof.decode("utf-8"),
                    "proof_digest": digest(answer.proof),
                }
                content = canonical_bytes(body)
                work.put(RECORD, answer.passport_id, content, expected_version=0)
                work.append_leaf("passport.registered", answer.passport_id, content)
                made.append(
                    Registered(
                        serials[answer.passport_id],
                        answer.passport_id,
                        answer.registration_id,
                        registry.name,
                        registry.simulated,
                    )
                )
    return made


def batches(
    world: World, wanted: Sequence[str] = ()
) -> Iterator[list[tuple[RegistryEntry, str]]]:
    """What is to be registered, with the serial numbers, a file at a time."""
    with world.store.reading() as work:
        due = [_entry(world, work, r) for r in _due(work, wanted)]
    rest = iter(due)
    while batch := list(islice(rest, MOST_IN_A_FILE)):
        yield batch


def _due(work: UnitOfWork, wanted: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    if wanted:
        named = {str(r["id"]): r for r in (passport_named(work, name) for name in wanted)}
        records: Iterator[Mapping[str, Any]] = iter(named.values())
    else:
        records = (document(work, "passport", r.id) for r in every(work, "passport"))
    for record in records:
        if record["status"] != "active":
            if wanted:
                raise FaultyInput.of("registry.not-active", serial=str(record["serial"])[:40])
            continue
        status = status_of(work, str(record["id"]), newest_number(record))
        if status is not Status.VALID:
            if wanted:
                raise FaultyInput.of("registry.not-valid", serial=str(record["serial"])[:40])
            continue
        if work.get(RECORD, str(record["id"])) is None:
            yield record


def _keeper(world: World, work: UnitOfWork) -> str:
    """The BPN of who keeps the back-up copy; empty where none is arranged."""
    arranged = document(work, ARRANGEMENT, CURRENT)
    partner = None if arranged is None else world.node.partner(str(arranged["provider"]))
    return "" if partner is None else partner.bpn


def _entry(
    world: World, work: UnitOfWork, record: Mapping[str, Any]
) -> tuple[RegistryEntry, str]:
    version = stored_version(work, str(record["id"]), newest_number(record))
    if version is None:
        raise FaultyInput.of("passport.unknown-passport", passport=str(record["id"])[:80])
    entry = RegistryEntry(
        product_id=str(record["product_id"]),
        passport_id=str(record["id"]),
        operator_id=world.node.bpn,
        endpoint=f"{world.node.base_url}/v1",
        version_digest=str(version["claim_digest"]),
        backup_operator_id=_keeper(world, work),
    )
    return entry, str(record["serial"])
