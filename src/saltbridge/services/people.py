"""The people of a node: who they are, what they may do, and that one operator always remains.

Every change commits with a record and a log leaf that name who made it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from saltbridge.accounts.account import (
    Account,
    State,
    Subject,
    account_findings,
    account_name,
    role_findings,
)
from saltbridge.accounts.model import Act, Person, Role
from saltbridge.accounts.password import normalised, password_findings
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.core.finding import Argument, finding
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.attempts import account_door, welcome
from saltbridge.steps.people import (
    account_named,
    accounts,
    has_operator,
    keep_account,
    require_act,
)
from saltbridge.trust.did import iso


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """Somebody to be added. Without password and subject they are invited afterwards."""

    name: str
    roles: Sequence[str]
    display_name: str = ""
    password: str = ""
    subject: Subject | None = None


def people(world: World) -> list[Account]:
    """All accounts by name, removed ones too."""
    with world.store.reading() as view:
        return accounts(view)


def add_person(world: World, by: Person, new: NewPerson) -> Account:
    """The account of a new person.

    Raises:
        FaultyInput: name, roles or password are not as they must be; all findings at once.
        Refused: ``by`` may not, or the name or the subject is taken.
    """
    require_act(by, Act.MANAGE_PEOPLE)
    name = account_name(new.name)
    faults = account_findings(new.name, new.display_name, new.roles)
    if new.password:
        faults += password_findings(new.password, name, new.display_name)
    if faults:
        raise FaultyInput(faults)
    hashed = world.passwords.hash(normalised(new.password)) if new.password else ""
    account = Account(
        id=world.identifiers.urn_uuid(),
        name=name,
        display_name=new.display_name.strip(),
        roles=frozenset(Role(role) for role in new.roles),
        password_hash=hashed,
        subject=new.subject,
        created_at=iso(world.clock.now()),
        created_by=by.name,
    )
    with world.store.unit_of_work() as work:
        if account_named(work, name) is not None:
            raise Refused.of("people.name-taken", name=name)
        if new.subject is not None and any(
            known.subject == new.subject for known in accounts(work)
        ):
            raise Refused.of("people.subject-taken", subject=new.subject.name)
        keep_account(world, work, account, "people.added", by)
    return account


def change_roles(world: World, by: Person, name: str, roles: Iterable[str]) -> Account:
    """The account with these roles and no others; sessions go on with what is left.

    Raises:
        FaultyInput: a role is unknown, or there is none.
        Refused: ``by`` may not, nobody is called so, or no operator would remain.
    """
    wanted = list(roles)
    faults = role_findings(wanted)
    if faults:
        raise FaultyInput(faults)

    def change(account: Account) -> Account:
        return replace(account, roles=frozenset(Role(role) for role in wanted))

    return _changed(world, by, name, "people.roles-changed", change)


def lock(world: World, by: Person, name: str) -> Account:
    """The account, locked: nobody gets in with it, and its sessions have ended.

    Raises:
        Refused: ``by`` may not, nobody is called so, or no operator would remain.
    """

    def change(account: Account) -> Account:
        return replace(account, state=State.LOCKED).sessions_ended()

    return _changed(world, by, name, "people.locked", change)


def unlock(world: World, by: Person, name: str) -> Account:
    """The account, open again, its failed attempts forgotten.

    Raises:
        Refused: ``by`` may not, or nobody is called so.
    """

    def change(account: Account) -> Account:
        return replace(account, state=State.ACTIVE)

    return _changed(world, by, name, "people.unlocked", change, freed=True)


def remove(world: World, by: Person, name: str) -> Account:
    """The account, removed for good: no password, no session; its name stays taken.

    Raises:
        Refused: ``by`` may not, nobody is called so, or no operator would remain.
    """

    def change(account: Account) -> Account:
        gone = replace(
            account, state=State.REMOVED, password_hash="", subject=None, invitation=""
        )
        return gone.sessions_ended()

    return _changed(world, by, name, "people.removed", change)


def set_password(world: World, by: Person, name: str, password: str) -> Account:
    """The account with a new password; its sessions have ended, its failures are forgotten.

    Raises:
        FaultyInput: the password is not good enough.
        Refused: ``by`` may not, or nobody is called so.
    """
    require_act(by, Act.MANAGE_PEOPLE)
    with world.store.reading() as view:
        before = _there(account_named(view, name), name)
    faults = password_findings(password, before.name, before.display_name)
    if faults:
        raise FaultyInput(faults)
    hashed = world.passwords.hash(normalised(password))

    def change(account: Account) -> Account:
        return replace(account, password_hash=hashed, invitation="").sessions_ended()

    return _changed(world, by, name, "people.password-set", change, freed=True)


def _changed(
    world: World,
    by: Person,
    name: str,
    event: str,
    change: Callable[[Account], Account],
    *,
    freed: bool = False,
    **details: Argument,
) -> Account:
    """The account after a change that was committed, or as it was where nothing differs."""
    require_act(by, Act.MANAGE_PEOPLE)
    with world.store.unit_of_work() as work:
        before = _there(account_named(work, name), name)
        after = change(before)
        _keep_an_operator(work, before, after)
        if freed:
            welcome(work, account_door(after.name))
        if replace(after, epoch=before.epoch) == before:
            return before
        was = ", ".join(sorted(before.roles))
        keep_account(world, work, after, event, by, roles_before=was, **details)
    return after


def _there(account: Account | None, name: str) -> Account:
    if account is None or account.state is State.REMOVED:
        raise Refused.of("people.unknown", name=account_name(name)[:80])
    return account


def _keep_an_operator(work: UnitOfWork, before: Account, after: Account) -> None:
    was = before.can_sign_in and Role.OPERATOR in before.roles
    remains = after.can_sign_in and Role.OPERATOR in after.roles
    if was and not remains and not has_operator(work, but=before.id):
        raise Refused([finding("people.last-operator", name=before.name)])
