"""Signing in and staying signed in: names and passwords, sessions, one's own password."""

from dataclasses import replace

from saltbridge.accounts.account import State, account_name
from saltbridge.accounts.model import Person
from saltbridge.accounts.password import MAX_LENGTH, normalised, password_findings
from saltbridge.accounts.session import Session, limits_of, session_of
from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused
from saltbridge.ports import World
from saltbridge.steps.attempts import account_door, address_door, knock, welcome
from saltbridge.steps.people import account_by_id, account_named, keep_account, keep_event
from saltbridge.steps.records import every
from saltbridge.steps.sessions import (
    SESSION,
    OpenSession,
    begin_session,
    found_session,
    keep_session,
)


def authenticate(world: World, name: str, password: str, address: str = "") -> Person:
    """The person with this name and password. ``address`` is where the caller sits.

    An unknown name, a wrong password and a locked account take the same time and are told in
    the same words.

    Raises:
        Refused: not this name with this password, or the account is locked.
        TooManyAttempts: too many failed here before; nothing was compared.
    """
    named = account_name(name)[:MAX_LENGTH]
    doors = (account_door(named), address_door("sign-in", address))
    knock(world, *doors)
    with world.store.reading() as view:
        account = account_named(view, named) if named else None
    text = normalised(password[: 4 * MAX_LENGTH])
    open_to = account is not None and account.can_sign_in and len(text) <= MAX_LENGTH
    stored = account.password_hash if account is not None and open_to else ""
    if not world.passwords.verify(stored, text[:MAX_LENGTH]) or account is None:
        raise Refused.of("people.sign-in-refused")
    fresh = world.passwords.hash(text) if world.passwords.is_outdated(stored) else ""
    with world.store.unit_of_work() as work:
        now = account_by_id(work, account.id)
        if now is None or not now.can_sign_in or now.password_hash != stored:
            raise Refused.of("people.sign-in-refused")  # changed while we compared
        welcome(work, *doors)
        if fresh:
            anew = replace(now, password_hash=fresh)
            keep_account(world, work, anew, "people.password-hashed-anew", now.person())
    return now.person()


def open_session(
    world: World, person: Person, *, how: str = "password", address: str = "", browser: str = ""
) -> str:
    """The token of a new session of a person who was recognised just now.

    Raises:
        Refused: the person was locked or removed in the meantime.
    """
    with world.store.unit_of_work() as work:
        account = account_by_id(work, person.id)
        if account is None or account.state is not State.ACTIVE:
            raise Refused.of("people.sign-in-refused")
        return begin_session(world, work, account, how, address, browser)


def session_of_token(world: World, token: str) -> OpenSession | None:
    """The session of this token, if it is good now; its use is noted. Else None."""
    with world.store.reading() as view:
        found = found_session(world, view, token)
    if found is None:
        return None
    if found.session.seen(world.clock.now()) is not None:
        with world.store.unit_of_work() as work:
            again = found_session(world, work, token)  # it may have ended in the meantime
            if again is None:
                return None
            noted = again.session.seen(world.clock.now())
            if noted is not None:
                keep_session(work, noted)
            return again
    return found


def close_session(world: World, token: str) -> None:
    """The session has ended: its token opens nothing any more."""
    with world.store.unit_of_work() as work:
        found = found_session(world, work, token)
        if found is None:
            return
        keep_session(work, replace(found.session, ended=True))
        account = account_by_id(work, found.person.id)
        if account is not None:
            keep_event(world, work, "session.closed", account, found.person, {})


def sessions_of(world: World, person: Person) -> list[Session]:
    """The person's sessions that are good now, the latest first."""
    limits, now = limits_of(world.settings), world.clock.now()
    with world.store.reading() as view:
        account = account_by_id(view, person.id)
        stored = [session_of(read_json(record.body)) for record in every(view, SESSION)]
    found = [s for s in stored if account is not None and s.goes_on(account, now, limits)]
    return sorted(found, key=lambda session: session.opened_at, reverse=True)


def sign_out_everywhere(world: World, person: Person) -> None:
    """Every session of the person has ended, this one too."""
    with world.store.unit_of_work() as work:
        account = account_by_id(work, person.id)
        if account is not None:
            ended = account.sessions_ended()
            keep_account(world, work, ended, "session.all-closed", account.person())


def change_own_password(
    world: World, person: Person, present: str, new: str, address: str = ""
) -> None:
    """The person has a new password; every session of theirs has ended.

    Raises:
        FaultyInput: the new password is not good enough.
        Refused: the present one is wrong.
        TooManyAttempts: too many wrong ones before.
    """
    with world.store.reading() as view:
        account = account_by_id(view, person.id)
    if account is None:
        raise Refused.of("people.sign-in-refused")
    faults = password_findings(new, account.name, account.display_name)
    if faults:
        raise FaultyInput(faults)
    authenticate(world, account.name, present, address)
    hashed = world.passwords.hash(normalised(new))
    with world.store.unit_of_work() as work:
        now = account_by_id(work, person.id)
        if now is None or now.password_hash != account.password_hash or not now.can_sign_in:
            raise Refused.of("people.sign-in-refused")  # changed while we hashed
        changed = replace(now, password_hash=hashed, invitation="").sessions_ended()
        keep_account(world, work, changed, "people.password-changed", now.person())
