"""Grants in the store: found by who reads, kept with a log leaf, ended all at once.

The epoch of the node's grants is one record. An emergency revocation writes the next epoch and
so ends every grant, access code and trusted issuer in one write, however many there are.
"""

from collections.abc import Iterator
from typing import Any, Final

from saltbridge.accounts.session import token_digest
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.passport.grants import Grant, GranteeKind, grant_of, grant_record
from saltbridge.ports import UnitOfWork
from saltbridge.steps.records import document, every

GRANT: Final = "passport-grant"
READER: Final = "passport-reader"  # who reads -> ids of the grants they were ever given
EPOCH: Final = "passport-access-epoch"
_CURRENT: Final = "current"


def epoch(view: UnitOfWork) -> int:
    """The epoch that grants have to be of to hold; counted from 1."""
    record = document(view, EPOCH, _CURRENT)
    return 1 if record is None else int(record["epoch"])


def begin_epoch(work: UnitOfWork, told: dict[str, Any]) -> int:
    """The next epoch; everything granted before has ended. ``told`` says who and why."""
    following = epoch(work) + 1
    body = canonical_bytes({**told, "epoch": following})
    work.put(EPOCH, _CURRENT, body)
    work.append_leaf("passport.access-ended", str(following), body)
    return following


def all_grants(view: UnitOfWork) -> Iterator[Grant]:
    """Every grant, also those that no longer hold."""
    return (grant_of(read_json(record.body)) for record in every(view, GRANT))


def grant_by_id(view: UnitOfWork, id: str) -> Grant | None:
    """The grant of this id, or None."""
    record = document(view, GRANT, id)
    return None if record is None else grant_of(record)


def grants_for(view: UnitOfWork, reader: str) -> list[Grant]:
    """The grants of a reader (``Grantee.key``), also those that no longer hold."""
    index = document(view, READER, reader)
    found = (grant_by_id(view, id) for id in (index or {}).get("grants", ()))
    return [grant for grant in found if grant is not None]


def keep_grant(work: UnitOfWork, grant: Grant, event: str) -> None:
    """Store a grant, new or changed, with its log leaf."""
    body = canonical_bytes(grant_record(grant))
    if work.get(GRANT, grant.id) is None:
        key = grant.grantee.key
        known = (document(work, READER, key) or {}).get("grants", [])
        work.put(READER, key, canonical_bytes({"grants": [*known, grant.id]}))
        work.put(GRANT, grant.id, body, expected_version=0)
    else:
        work.put(GRANT, grant.id, body)
    work.append_leaf(event, grant.id, body)


def code_reader(code: str) -> str:
    """The key under which the grants of an access code are kept: of its digest alone."""
    return f"{GranteeKind.CODE.value}:{token_digest(code)}"
