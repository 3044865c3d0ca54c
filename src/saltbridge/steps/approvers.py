"""Who may approve at this node, as its accounts say at this very moment."""

from saltbridge.accounts.account import State
from saltbridge.accounts.model import MAY, Act, Person, Role
from saltbridge.ports import UnitOfWork
from saltbridge.steps.people import account_by_id


def present_person(view: UnitOfWork, person_id: str) -> Person | None:
    """The person behind an account as it stands now; None if it is gone or locked."""
    account = account_by_id(view, person_id)
    return account.person() if account and account.state is State.ACTIVE else None


def approving_role(view: UnitOfWork, person_id: str) -> Role | None:
    """The role that lets this person approve today; None if nothing does."""
    person = present_person(view, person_id)
    roles = sorted(person.roles) if person else []
    return next((role for role in roles if Act.APPROVE in MAY[role]), None)
