"""Whether the border lets a partner set off an answer, and the context it is decided in."""

from saltbridge.border.calendar import counter_year
from saltbridge.border.context import Context, Terms
from saltbridge.border.court import Ruling, live_ruling
from saltbridge.ports import Partner, UnitOfWork, World
from saltbridge.steps.deciding import Proposer, circumstances, counters_of
from saltbridge.steps.rules import rule_book


def live_context(
    world: World, partner: Partner, terms: Terms, person: str, view: UnitOfWork | None = None
) -> Context:
    """The circumstances of an answer to this partner now; counters only with a ``view``."""
    now = world.clock.now()
    return circumstances(
        world,
        decision_id=world.identifiers.urn_uuid(),
        partner=partner,
        terms=terms,
        purpose=terms.purposes[0],
        now=now,
        counters=None if view is None else counters_of(view, counter_year(now)),
        proposer=Proposer(name=person),
    )


def ruled(view: UnitOfWork, context: Context) -> Ruling:
    """What the rule packs at this node say about answers that a partner sets off."""
    return live_ruling(rule_book(view).packs, context)
