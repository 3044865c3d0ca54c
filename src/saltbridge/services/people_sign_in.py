"""Recognising a person by name and password."""

from dataclasses import replace

from saltbridge.accounts.account import account_name
from saltbridge.accounts.model import Person
from saltbridge.accounts.password import MAX_LENGTH, normalised
from saltbridge.core.errors import Refused
from saltbridge.ports import World
from saltbridge.steps.attempts import account_door, address_door, knock, welcome
from saltbridge.steps.people import account_by_id, account_named, keep_account


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
