"""The account of a person at one node: who it is, what it may do, how it is recognised."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from saltbridge.accounts.model import Person, Role
from saltbridge.core.finding import Finding, finding

_NAME: Final = re.compile(r"\w[\w.@+-]{1,63}")
_MAX_DISPLAY: Final = 120


class State(StrEnum):
    """What an account is now. A removed one stays, so that its name means nobody else."""

    ACTIVE = "active"
    LOCKED = "locked"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Subject:
    """How an OpenID provider calls a person: its issuer and its own name for them."""

    issuer: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Account:
    """One person's account.

    ``epoch`` rises whenever every session of the person has to end; a session holds the epoch
    it was opened in. ``invitation`` is the digest of the one invitation that is good.
    """

    id: str
    name: str
    display_name: str = ""
    roles: frozenset[Role] = frozenset()
    state: State = State.ACTIVE
    password_hash: str = field(default="", repr=False)
    subject: Subject | None = None
    invitation: str = field(default="", repr=False)
    epoch: int = 1
    created_at: str = ""
    created_by: str = ""
    unknown: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def label(self) -> str:
        """What people read: two of them may be called the same, so the account's name too."""
        own = self.display_name
        return self.name if own in ("", self.name) else f"{own} ({self.name})"

    @property
    def can_sign_in(self) -> bool:
        """Whether there is a way in for this person now."""
        known = bool(self.password_hash) or self.subject is not None
        return self.state is State.ACTIVE and known

    def person(self) -> Person:
        """The person, as everything else in the node knows them."""
        return Person(self.id, self.label, self.roles)

    def sessions_ended(self) -> "Account":
        """The same account with every session of it ended."""
        return replace(self, epoch=self.epoch + 1)


def account_name(written: str) -> str:
    """The name of an account as it is stored: NFKC, lower case, no blanks around it.

    >>> account_name(" Li.Wei ")
    'li.wei'
    """
    return unicodedata.normalize("NFKC", written).strip().casefold()


def account_findings(name: str, display_name: str, roles: Iterable[str]) -> list[Finding]:
    """What is wrong with the particulars of a new account, all at once."""
    found = []
    if not _NAME.fullmatch(account_name(name)):
        found.append(finding("people.name-form", name=name[:80]))
    if len(display_name) > _MAX_DISPLAY or not (display_name + "x").isprintable():
        found.append(finding("people.display-name-form", most=_MAX_DISPLAY))
    return found + role_findings(roles)


def role_findings(roles: Iterable[str]) -> list[Finding]:
    """What is wrong with the roles somebody wrote: unknown ones, or none at all."""
    written = list(roles)
    known = ", ".join(Role)
    found = [
        finding("people.role-unknown", role=role[:80], known=known)
        for role in written
        if role not in frozenset(Role)
    ]
    return found if written else [finding("people.role-missing", known=known)]


def account_record(account: Account) -> dict[str, Any]:
    """The account as it is stored."""
    subject = account.subject
    return {
        **account.unknown,
        "id": account.id,
        "name": account.name,
        "display_name": account.display_name,
        "roles": sorted(account.roles),
        "state": account.state.value,
        "password_hash": account.password_hash,
        "subject": None
        if subject is None
        else {"issuer": subject.issuer, "name": subject.name},
        "invitation": account.invitation,
        "epoch": account.epoch,
        "created_at": account.created_at,
        "created_by": account.created_by,
    }


def account_of(record: Mapping[str, Any]) -> Account:
    """The account that was stored.

    Raises:
        KeyError, ValueError: it is none.
    """
    members = dict(record)
    subject = members.pop("subject")
    return Account(
        id=members.pop("id"),
        name=members.pop("name"),
        display_name=members.pop("display_name"),
        roles=frozenset(Role(role) for role in members.pop("roles")),
        state=State(members.pop("state")),
        password_hash=members.pop("password_hash"),
        subject=None if subject is None else Subject(subject["issuer"], subject["name"]),
        invitation=members.pop("invitation"),
        epoch=members.pop("epoch"),
        created_at=members.pop("created_at"),
        created_by=members.pop("created_by"),
        unknown=members,
    )
