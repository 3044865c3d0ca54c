"""A registry that is none: it answers on this machine as the real one is expected to.

Every id and every proof says SIMULATED. It keeps nothing: the id of a passport follows from
the passport's own, so that registering twice gives the same. It refuses what Implementing
Regulation (EU) 2026/1778 lets a registry refuse (secondary, read 2026-11): one faulty entry and
the whole file is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from saltbridge.core.canonical import canonical_bytes, digest
from saltbridge.core.errors import Refused
from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.product_identifiers import parse_digital_link
from saltbridge.passport.data_carrier import is_passport_id
from saltbridge.ports import MOST_IN_A_FILE, Registration, RegistryEntry
from saltbridge.trust.did import iso

PROOF_LIFE: Final = timedelta(days=90)
MARK: Final = "SIMULATED"


class SimulatedRegistry:
    """The labelled stand-in."""

    name = "simulated-registry"
    simulated = True

    def register(
        self, entries: Sequence[RegistryEntry], now: datetime
    ) -> Sequence[Registration]:
        """As ``PassportRegistry.register``."""
        faults = [f for at, entry in enumerate(entries, 1) for f in _faults(entry, at)]
        ids = [entry.passport_id for entry in entries]
        faults += [
            _fault("registry.bad-twice", at)
            for at, id in enumerate(ids, 1)
            if id in ids[: at - 1]
        ]
        if len(entries) > MOST_IN_A_FILE:
            faults.append(finding("registry.too-many", most=MOST_IN_A_FILE, count=len(entries)))
        if faults:
            raise Refused(faults)
        return [_registered(entry, now) for entry in entries]


def _faults(entry: RegistryEntry, at: int) -> list[Finding]:
    link = parse_digital_link(entry.product_id)
    found = []
    if link is None or link.granularity != "item":
        found.append(_fault("registry.bad-product", at))
    if not is_passport_id(entry.passport_id):
        found.append(_fault("registry.bad-passport", at))
    if not entry.operator_id:
        found.append(_fault("registry.bad-operator", at))
    return found


def _fault(code: str, at: int) -> Finding:
    return finding(code, Place("registry", at))


def _registered(entry: RegistryEntry, now: datetime) -> Registration:
    id = f"{MARK}-{digest(entry.passport_id.encode())[-24:].upper()}"
    proof = {
        "notice": f"{MARK}: no registry has seen this passport",
        "registration_id": id,
        "passport_id": entry.passport_id,
        "product_id": entry.product_id,
        "operator_id": entry.operator_id,
        "version_digest": entry.version_digest,
        "issued_at": iso(now),
        "valid_until": iso(now + PROOF_LIFE),
    }
    content = canonical_bytes(proof)
    sealed = {**proof, "seal": f"{MARK}:{digest(content)}"}
    return Registration(
        passport_id=entry.passport_id, registration_id=id, proof=canonical_bytes(sealed)
    )
