"""Who may approve at this node, as its accounts say at this very moment."""

from typing import Any, Final

from saltbridge.accounts.account import State
from saltbridge.accounts.model import MAY, Act, Person, Role
from saltbridge.core.canonical import read_json
from saltbridge.ports import UnitOfWork
from saltbridge.steps.people import EVENT, account_by_id
from saltbridge.steps.records import every

# What gives somebody a way in, and what gives them their roles.
_WAY_IN: Final = frozenset({"people.added", "people.invited", "people.password-set"})
_ROLES: Final = frozenset({"people.added", "people.roles-changed"})


def present_person(view: UnitOfWork, person_id: str) -> Person | None:
    """The person behind an account as it stands now; None if it is gone or locked."""
    account = account_by_id(view, person_id)
    return account.person() if account and account.state is State.ACTIVE else None


def approving_role(view: UnitOfWork, person_id: str) -> Role | None:
    """The role that lets this person approve today; None if nothing does."""
    person = present_person(view, person_id)
    roles = sorted(person.roles) if person else []
    return next((role for role in roles if Act.APPROVE in MAY[role]), None)


def set_up_by(view: UnitOfWork, person_id: str) -> frozenset[str]:
    """Ids of who last gave this person a way in, and who last gave them their roles.

    Whoever hands out a password or an invitation could use it as well. A person at the
    terminal (``os:…``) and an OpenID provider are nobody's account.
    """
    found = [read_json(record.body) for record in every(view, EVENT)]
    mine = [e for e in found if e["account"]["id"] == person_id]
    return frozenset(by for kinds in (_WAY_IN, _ROLES) for by in _last(mine, kinds))


def are_independent(view: UnitOfWork, one: str, other: str) -> bool:
    """Whether two accounts are surely two people: neither was set up by the other."""
    return (
        one != other and one not in set_up_by(view, other) and other not in set_up_by(view, one)
    )


def _last(events: list[dict[str, Any]], kinds: frozenset[str]) -> frozenset[str]:
    chosen = [e for e in events if e["event"] in kinds]
    latest = max((e["at"] for e in chosen), default="")
    return frozenset(str(e["by"]["id"]) for e in chosen if e["at"] == latest)
