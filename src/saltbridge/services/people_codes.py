"""One-time codes: the one that sets a node up, and invitations to choose a password."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from saltbridge.accounts.account import Account, State, account_findings, account_name
from saltbridge.accounts.model import Act, Person, Role
from saltbridge.accounts.password import normalised, password_findings
from saltbridge.accounts.session import same, token_digest
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.attempts import Door, account_door, address_door, knock, welcome
from saltbridge.steps.people import (
    account_by_id,
    account_named,
    has_operator,
    keep_account,
    require_act,
)
from saltbridge.steps.records import document
from saltbridge.trust.did import iso

_KIND: Final = "access-code"
_SET_UP: Final = "set-up"
SET_UP_WITHIN: Final = timedelta(hours=24)
INVITED_FOR: Final = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Code:
    """A code that is good once, until ``expires``. It is stored as a digest only."""

    code: str = field(repr=False)
    expires: datetime


def is_set_up(world: World) -> bool:
    """Whether an operator can sign in."""
    with world.store.reading() as view:
        return has_operator(view)


def make_setup_code(world: World) -> Code:
    """A new code that lets somebody become the first operator; an older one is good no more.

    Raises:
        Refused: there is an operator already.
    """
    made = Code(world.identifiers.token(), world.clock.now() + SET_UP_WITHIN)
    with world.store.unit_of_work() as work:
        if has_operator(work):
            raise Refused.of("people.set-up-already")
        _keep(work, _SET_UP, {"digest": token_digest(made.code)}, made.expires)
    return made


def set_up(
    world: World, code: str, name: str, display_name: str, password: str, address: str = ""
) -> Account:
    """The first operator. The code is used up.

    Raises:
        FaultyInput: name or password are not as they must be; the code stays good.
        Refused: the code is not good, or there is an operator already.
        TooManyAttempts: too many wrong codes from this address before.
    """
    door = address_door("set-up", address)
    knock(world, door)
    with world.store.reading() as view:
        _good_setup_code(world, view, code)
    faults = account_findings(name, display_name, [Role.OPERATOR])
    faults += password_findings(password, name, display_name)
    if faults:
        _forgive(world, door)
        raise FaultyInput(faults)
    account = Account(
        id=world.identifiers.urn_uuid(),
        name=account_name(name),
        display_name=display_name.strip(),
        roles=frozenset({Role.OPERATOR}),
        password_hash=world.passwords.hash(normalised(password)),
        created_at=iso(world.clock.now()),
        created_by="set-up",
    )
    with world.store.unit_of_work() as work:
        _good_setup_code(world, work, code)
        if account_named(work, account.name) is not None:
            raise Refused.of("people.name-taken", name=account.name)
        _keep(work, _SET_UP, {"digest": ""}, world.clock.now())
        welcome(work, door)
        keep_account(world, work, account, "people.set-up", account.person())
    return account


def invite(world: World, by: Person, name: str) -> Code:
    """A code with which the person chooses a password; an older one is good no more.

    Until it is used, nothing else of the account changes.

    Raises:
        Refused: ``by`` may not, or nobody active is called so.
    """
    require_act(by, Act.MANAGE_PEOPLE)
    made = Code(world.identifiers.token(), world.clock.now() + INVITED_FOR)
    digest = token_digest(made.code)
    with world.store.unit_of_work() as work:
        account = account_named(work, name)
        if account is None or account.state is not State.ACTIVE:
            raise Refused.of("people.unknown", name=account_name(name)[:80])
        work.forget(_KIND, world.clock.now() - 2 * INVITED_FOR)
        _keep(work, digest, {"account": account.id}, made.expires)
        invited = replace(account, invitation=digest)
        keep_account(world, work, invited, "people.invited", by)
    return made


def invited_account(world: World, code: str) -> Account | None:
    """Whose invitation this is, if it is good now."""
    with world.store.reading() as view:
        return _invited(world, view, code)


def accept_invitation(world: World, code: str, password: str, address: str = "") -> Account:
    """The account with the password its person chose; the code is used up.

    Raises:
        FaultyInput: the password is not good enough; the code stays good.
        Refused: the code is not good.
        TooManyAttempts: too many wrong codes from this address before.
    """
    door = address_door("invitation", address)
    knock(world, door)
    invited = invited_account(world, code)
    if invited is None:
        raise Refused.of("people.code-refused")
    faults = password_findings(password, invited.name, invited.display_name)
    if faults:
        _forgive(world, door)
        raise FaultyInput(faults)
    hashed = world.passwords.hash(normalised(password))
    with world.store.unit_of_work() as work:
        account = _invited(world, work, code)
        if account is None:
            raise Refused.of("people.code-refused")  # used in the meantime
        welcome(work, door, account_door(account.name))
        chosen = replace(account, password_hash=hashed, invitation="").sessions_ended()
        keep_account(world, work, chosen, "people.password-chosen", account.person())
    return chosen


def _invited(world: World, view: UnitOfWork, code: str) -> Account | None:
    digest = token_digest(code)
    kept = document(view, _KIND, digest)
    if kept is None or world.clock.now() >= datetime.fromisoformat(kept["expires"]):
        return None
    account = account_by_id(view, kept.get("account", ""))
    if account is None or account.state is not State.ACTIVE:
        return None
    return account if account.invitation and same(account.invitation, digest) else None


def _good_setup_code(world: World, view: UnitOfWork, code: str) -> None:
    if has_operator(view):
        raise Refused.of("people.set-up-already")
    kept = document(view, _KIND, _SET_UP)
    good = (
        kept is not None
        and same(kept["digest"], token_digest(code))
        and world.clock.now() < datetime.fromisoformat(kept["expires"])
    )
    if not good:
        raise Refused.of("people.code-refused")


def _keep(work: UnitOfWork, id: str, content: dict[str, str], expires: datetime) -> None:
    work.put(_KIND, id, canonical_bytes({**content, "expires": iso(expires)}))


def _forgive(world: World, door: Door) -> None:
    """A good code with a poor password is no guess."""
    with world.store.unit_of_work() as work:
        welcome(work, door)
