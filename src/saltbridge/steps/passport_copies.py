"""Copies of other operators' passports in the store, and whether they are served.

A copy is shown to nobody until a person switches it on for an operator who is gone; until then
the node answers as if it had none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.ports import UnitOfWork
from saltbridge.steps.records import document

OPERATOR: Final = "passport-copy-operator"  # record: for whom copies are kept, and how
STATE: Final = "passport-copy-state"  # record: the newest batch of an operator
COPY: Final = "passport-copy"  # record: the public part of one passport
SEALED: Final = "passport-copy-sealed"  # record: everything else of it, sealed
CLAIM: Final = "passport-copy-claim"  # digest → the operator's claim about a batch
ADDRESS: Final = "passport-copy-address"  # GTIN/serial number → id
LIST: Final = "passport-copy-list"  # address → newest token of a status list
KEEPING, ENDED = "keeping", "ended"


@dataclass(frozen=True, slots=True)
class CopyOf:
    """Whose passport a copy is, how old it is, and since when it stands in for the original."""

    operator: str  # name
    did: str
    as_of: str  # when the operator sent it
    since: str  # when it was switched on
    keeper: str  # name of who keeps it
    ordered_by: str = ""  # the authority that had it switched on, if one did


def kept_operator(view: UnitOfWork, did: str) -> Mapping[str, Any] | None:
    """The record of an operator whose copies are kept, or None."""
    found: Mapping[str, Any] | None = document(view, OPERATOR, did)
    return found


def put_operator(work: UnitOfWork, record: Mapping[str, Any], event: str) -> None:
    """Store what was decided about an operator's copies, with its leaf."""
    body = canonical_bytes(dict(record))
    work.put(OPERATOR, str(record["did"]), body)
    work.append_leaf(event, str(record["did"]), body)


def served_copy(
    view: UnitOfWork, passport_id: str
) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """The copy of a passport and the record of its operator, if it is served."""
    copy = document(view, COPY, passport_id)
    operator = None if copy is None else kept_operator(view, str(copy["operator"]))
    if copy is None or operator is None or not operator.get("serving"):
        return None
    return copy, operator


def copy_as_sent(view: UnitOfWork, copy: Mapping[str, Any]) -> bytes | None:
    """The copy as its operator sent it, with the claim that names its digest.

    None where something of it is gone.
    """
    claim, sealed = view.get(CLAIM, str(copy["claim"])), view.get(SEALED, copy["passport_id"])
    files = [
        view.get_release(v["public"]["claim"], v["public"]["decision_id"])
        for v in copy["versions"]
    ]
    if claim is None or sealed is None or not all(files):
        return None
    entry = {
        member: copy[member]
        for member in ("passport_id", "product_id", "gtin", "serial", "state", "ceased_on")
    }
    versions = [
        {"file": read_json(file.content), "status": version["status"]}
        for file, version in zip(files, copy["versions"], strict=True)
        if file is not None
    ]
    sent = {
        **entry,
        "moved_to": copy["moved_to"],
        "versions": versions,
        "sealed": read_json(sealed.body),
    }
    return canonical_bytes({"claim": read_json(claim.body), "entry": sent})


def copied_at(view: UnitOfWork, gtin: str, serial: str) -> str:
    """The id of the copied passport at an address; empty if there is none."""
    found = document(view, ADDRESS, f"{gtin}/{serial}")
    return "" if found is None else str(found["passport_id"])
