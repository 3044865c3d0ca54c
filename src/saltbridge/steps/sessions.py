"""Opening a session and finding it again by its token."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from saltbridge.accounts.account import Account
from saltbridge.accounts.model import Person
from saltbridge.accounts.session import (
    Session,
    form_word,
    limits_of,
    session_of,
    session_record,
    token_digest,
)
from saltbridge.core.canonical import canonical_bytes
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.people import account_by_id, keep_event
from saltbridge.steps.records import document

SESSION: Final = "session"
_FORGOTTEN_AFTER: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A person who is signed in. ``form_word`` belongs into every form of theirs."""

    person: Person
    session: Session
    form_word: str = field(repr=False)


def begin_session(
    world: World,
    work: UnitOfWork,
    account: Account,
    how: str,
    address: str = "",
    browser: str = "",
) -> str:
    """The token of a new session: 256 bits, given out once and stored as a digest only."""
    now = world.clock.now()
    work.forget(SESSION, now - _FORGOTTEN_AFTER)
    token = world.identifiers.token()
    session = Session(
        id=token_digest(token),
        account=account.id,
        epoch=account.epoch,
        how=how,
        opened_at=now,
        seen_at=now,
        address=address[:80],
        browser=browser[:200],
    )
    keep_session(work, session)
    keep_event(world, work, "session.opened", account, account.person(), {"how": how})
    return token


def keep_session(work: UnitOfWork, session: Session) -> None:
    """Store a session, new or changed."""
    work.put(SESSION, session.id, canonical_bytes(session_record(session)))


def found_session(world: World, view: UnitOfWork, token: str) -> OpenSession | None:
    """The session of this token if it is good now, with its person's roles as they are now."""
    record = document(view, SESSION, token_digest(token)) if token else None
    if record is None:
        return None
    session = session_of(record)
    account = account_by_id(view, session.account)
    limits = limits_of(world.settings)
    if account is None or not session.goes_on(account, world.clock.now(), limits):
        return None
    return OpenSession(account.person(), session, form_word(token))
