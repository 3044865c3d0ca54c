"""Sessions of people: how long they last, what ends them, and the word that guards a form.

Only the digest of a session's token is ever stored; the token is the browser's alone.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from saltbridge.accounts.account import Account, State

# Writing down every look at a page would write a version each; once a minute is enough.
NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """A session ends when nobody used it for ``idle``, and ``absolute`` after sign-in."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True, kw_only=True)
class Session:
    """A session as it is stored. ``id`` is the digest of its token."""

    id: str
    account: str
    epoch: int
    how: str  # password, oidc
    opened_at: datetime
    seen_at: datetime
    address: str = ""
    browser: str = ""
    ended: bool = False

    def goes_on(self, account: Account, now: datetime, limits: Limits) -> bool:
        """Whether the session is still good for its account."""
        return (
            not self.ended
            and account.id == self.account
            and account.state is State.ACTIVE
            and account.epoch == self.epoch
            and self.opened_at <= now < self.opened_at + limits.absolute
            and now < self.seen_at + limits.idle
        )

    def seen(self, now: datetime) -> "Session | None":
        """The session with its last use noted, or None if that was noted just now."""
        return replace(self, seen_at=now) if now - self.seen_at >= NOTED_EVERY else None


def limits_of(settings: Mapping[str, Any]) -> Limits:
    """The limits that ``[settings.sessions]`` names, else the usual ones."""
    table: Mapping[str, Any] = settings.get("sessions", {})
    usual = Limits()
    return Limits(
        timedelta(minutes=table["idle_minutes"]) if "idle_minutes" in table else usual.idle,
        timedelta(hours=table["absolute_hours"])
        if "absolute_hours" in table
        else usual.absolute,
    )


def token_digest(token: str) -> str:
    """Under which a token is stored: ``sha256:<hex>``."""
    return f"sha256:{sha256(token.encode()).hexdigest()}"


def form_word(token: str) -> str:
    """The word every form of a session carries against requests made elsewhere (CSRF).

    It follows from the token and says nothing about it, so it is stored nowhere.
    """
    word = hmac.digest(token.encode(), b"saltbridge form", "sha256")
    return urlsafe_b64encode(word).rstrip(b"=").decode()


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())


def session_record(session: Session) -> dict[str, Any]:
    """The session as it is stored."""
    return {
        "id": session.id,
        "account": session.account,
        "epoch": session.epoch,
        "how": session.how,
        "opened_at": session.opened_at.isoformat(),
        "seen_at": session.seen_at.isoformat(),
        "address": session.address,
        "browser": session.browser,
        "ended": session.ended,
    }


def session_of(record: Mapping[str, Any]) -> Session:
    """The session that was stored.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    times = {name: datetime.fromisoformat(record[name]) for name in ("opened_at", "seen_at")}
    return Session(**{**record, **times})
