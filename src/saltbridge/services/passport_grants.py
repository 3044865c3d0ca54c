"""Who may look at restricted points of passports: given, listed, taken back, ended at once.

Every change commits with its record and log leaf. An access code is returned once and stored as
a digest only.
"""

from collections.abc import Mapping
from typing import Any

from saltbridge.accounts.model import Act, Person
from saltbridge.core.errors import FaultyInput
from saltbridge.passport.grants import Grant, GranteeKind
from saltbridge.ports import World
from saltbridge.steps import passport_grants as kept
from saltbridge.steps.passport_access_log import kept_accesses
from saltbridge.steps.passport_change import passport_named
from saltbridge.steps.passport_granting import Granted, GrantRequest, evidence_of, give_grant
from saltbridge.steps.people import account_by_id, keep_account, require_act
from saltbridge.steps.records import document
from saltbridge.trust.did import iso

__all__ = ["GrantRequest", "Granted", "evidence_of"]  # offered here too, beside what takes them


def grant(world: World, by: Person, request: GrantRequest) -> Granted:
    """A new grant, within the policy of the node.

    Raises:
        FaultyInput: unknown interest, model or passport, a day that is over or too late, or
            evidence that is missing: all at once.
        Refused: ``by`` may not, or nobody of this kind is admitted.
    """
    require_act(by, Act.GRANT_PASSPORTS)
    with world.store.unit_of_work() as work:
        return give_grant(world, work, by.name, request)


def revoke(world: World, by: Person, id: str, because: str) -> Grant:
    """The grant, which opens nothing from now on; one revoked before stays as it was.

    Raises:
        FaultyInput: no such grant, or no reason.
        Refused: ``by`` may not.
    """
    require_act(by, Act.GRANT_PASSPORTS)
    if not because.strip():
        raise FaultyInput.of("access.no-reason")
    with world.store.unit_of_work() as work:
        found = kept.grant_by_id(work, id) if id else None
        if found is None:
            raise FaultyInput.of("access.no-grant", id=id[:80])
        if found.revoked_at:
            return found
        taken = found.revoked(by.name, iso(world.clock.now()), because.strip()[:500])
        kept.keep_grant(work, taken, "passport.access-revoked")
    return taken


def end_everything(world: World, by: Person, because: str) -> int:
    """End every grant, access code and trusted issuer at once, and sign out whoever reads.

    Returns how many grants held until now.

    Raises:
        FaultyInput: no reason.
        Refused: ``by`` may not.
    """
    require_act(by, Act.GRANT_PASSPORTS)
    if not because.strip():
        raise FaultyInput.of("access.no-reason")
    now = world.clock.now()
    with world.store.unit_of_work() as work:
        before = kept.epoch(work)
        holding = [g for g in kept.all_grants(work) if g.holds(now.date(), before)]
        told = {"by": by.name, "at": iso(now), "because": because.strip()[:500]}
        kept.begin_epoch(work, told)
        people = {g.grantee.id for g in holding if g.grantee.kind is GranteeKind.PERSON}
        for id in sorted(people):
            account = account_by_id(work, id)
            if account is not None:
                ended = account.sessions_ended()
                keep_account(world, work, ended, "people.sessions-ended", by)
    return len(holding)


def listed_grants(world: World, by: Person) -> list[tuple[Grant, bool]]:
    """Every grant, the newest last, and whether it holds now.

    Raises:
        Refused: ``by`` may not.
    """
    require_act(by, Act.READ_OVERVIEW)
    on = world.clock.now().date()
    with world.store.reading() as view:
        current = kept.epoch(view)
        found = sorted(kept.all_grants(view), key=lambda g: (g.granted_at, g.id))
    return [(g, g.holds(on, current)) for g in found]


def accesses(world: World, by: Person, passport: str = "") -> list[Mapping[str, Any]]:
    """Who read restricted data, the newest last; of one passport (id or serial) where named.

    Raises:
        FaultyInput: no such passport.
        Refused: ``by`` may not.
    """
    require_act(by, Act.READ_DECISIONS)
    with world.store.reading() as view:
        wanted = passport_named(view, passport)["id"] if passport else ""
        found = [a for a in kept_accesses(view) if wanted in ("", a["passport"])]
        serials = {
            id: str((document(view, "passport", id) or {}).get("serial", ""))
            for id in {str(a["passport"]) for a in found}
        }
    told = [{**a, "serial": serials[str(a["passport"])]} for a in found]
    return sorted(told, key=lambda a: (a["at"], a["passport"], a["endpoint"]))
