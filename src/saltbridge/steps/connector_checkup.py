"""What a check-up looks at where the company's own connector speaks to partners."""

from collections.abc import Iterable
from datetime import timedelta

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import FaultyInput, Refused, SaltbridgeError, Unavailable
from saltbridge.exchange.checkup import US, Check, State, checked, fault, not_made
from saltbridge.exchange.explanation import Point, Verdict
from saltbridge.ports import Connector, Partner, World
from saltbridge.steps.connector_agreements import FOREIGN
from saltbridge.steps.connector_offering import KIND, OFFER, Offered
from saltbridge.steps.own_side import points_of
from saltbridge.steps.records import every


def connector_checks(world: World, connector: Connector, *, served: bool) -> list[Check]:
    """Whether the connector answers to our key, who it says we are, and how it finds us."""
    try:
        connector.about()
    except SaltbridgeError as error:
        return [
            checked("connector", points_of(error, US)),
            not_made("connector-self", "connector"),
        ]
    found = [checked("connector", ()), _itself(world, connector)]
    door = () if served else (fault("doctor.not-served", US, address=world.node.base_url),)
    return [*found, checked("connector-door", door)]


def _itself(world: World, connector: Connector) -> Check:
    """The connector asked for its own catalogue: it signs in, and is who the settings say."""
    try:
        shown = connector.own_catalogue()
    except FaultyInput as error:
        return checked("connector-self", points_of(error, US))
    except (Unavailable, Refused) as error:
        noted = (Point(Verdict.NOTED, f.code, f.arguments, US) for f in error.findings)
        return Check("connector-self", State.UNKNOWN, tuple(noted))
    told = Point(Verdict.NOTED, "doctor.connector-shows", {"count": len(shown.datasets)})
    return Check("connector-self", State.OK, (told,))


def connector_offers_check(world: World, partner: Partner) -> Check:
    """Whether what is released to the partner stands on offer, and nobody else agreed on it."""
    return checked("connector-offers", _offer_points(world, partner))


def _offer_points(world: World, partner: Partner) -> Iterable[Point]:
    later = world.clock.now() + timedelta(days=1)
    with world.store.reading() as view:
        waiting = [e for e in (*view.due(later), *view.failed()) if e.kind == OFFER]
        offered = [Offered(**read_json(record.body)) for record in every(view, KIND)]
        foreign = [read_json(record.body) for record in every(view, FOREIGN)]
    for entry in waiting:
        if entry.last_error:
            yield fault("doctor.connector-not-offered", US, error=entry.last_error[:300])
    theirs = {one.asset_id for one in offered if one.bpn == partner.bpn}
    for agreement in foreign:
        if agreement["asset_id"] in theirs:
            yield fault(
                "doctor.connector-foreign",
                US,
                agreement=agreement["id"],
                assignee=agreement["assignee"][:200],
            )
