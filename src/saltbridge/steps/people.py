"""People's accounts in the store: found by id or name, kept with who changed them."""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.accounts.account import Account, account_name, account_of, account_record
from saltbridge.accounts.model import Act, Person, Role
from saltbridge.core.canonical import canonical_bytes, read_json
from saltbridge.core.errors import Refused
from saltbridge.core.finding import Argument
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.records import document, every
from saltbridge.trust.did import iso

ACCOUNT: Final = "account"
NAME: Final = "account-name"
EVENT: Final = "people-event"


def require_act(person: Person, act: Act) -> None:
    """Nothing, if one of the person's roles lets them do this.

    Raises:
        Refused: none of them does.
    """
    if not person.may(act):
        raise Refused.of("people.may-not", person=person.name, act=act.value)


def account_by_id(view: UnitOfWork, id: str) -> Account | None:
    """The account with this id, or None."""
    record = document(view, ACCOUNT, id)
    return None if record is None else account_of(record)


def account_named(view: UnitOfWork, name: str) -> Account | None:
    """The account of this name, however it is spelled; removed ones too. Or None."""
    entry = document(view, NAME, account_name(name))
    return None if entry is None else account_by_id(view, entry["account"])


def accounts(view: UnitOfWork) -> list[Account]:
    """All accounts by name, removed ones too."""
    found = (account_of(read_json(record.body)) for record in every(view, ACCOUNT))
    return sorted(found, key=lambda account: account.name)


def has_operator(view: UnitOfWork, *, but: str = "") -> bool:
    """Whether an operator (another than the account ``but``) can sign in."""
    return any(
        account.can_sign_in and Role.OPERATOR in account.roles and account.id != but
        for account in accounts(view)
    )


def keep_account(
    world: World,
    work: UnitOfWork,
    account: Account,
    event: str,
    by: Person,
    **details: Argument,
) -> None:
    """Store an account, new or changed, with a record and a log leaf of what happened.

    The record names the account and who did it, and holds no secret of it.

    Raises:
        StaleWrite: the name was taken in the meantime.
    """
    body = canonical_bytes(account_record(account))
    if work.get(ACCOUNT, account.id) is None:
        index = canonical_bytes({"account": account.id})
        work.put(NAME, account.name, index, expected_version=0)
        work.put(ACCOUNT, account.id, body, expected_version=0)
    else:
        work.put(ACCOUNT, account.id, body)
    keep_event(world, work, event, account, by, details)


def keep_event(
    world: World,
    work: UnitOfWork,
    event: str,
    account: Account,
    by: Person,
    details: Mapping[str, Any],
) -> None:
    """Record and log what happened to an account, or what its person did."""
    record = {
        "id": world.identifiers.urn_uuid(),
        "event": event,
        "account": {"id": account.id, "name": account.name},
        "roles": sorted(account.roles),
        "by": {"id": by.id, "name": by.name},
        "at": iso(world.clock.now()),
        **details,
    }
    body = canonical_bytes(record)
    work.put(EVENT, record["id"], body, expected_version=0)
    work.append_leaf(event, account.id, body)
