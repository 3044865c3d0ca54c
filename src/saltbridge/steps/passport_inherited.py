"""Values of a battery that another operator handed over: from its passport, once checked.

They keep their origin: who stated or measured them, and by which reference.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from saltbridge.core.errors import Refused, Unavailable
from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.core.identifiers import is_urn_uuid
from saltbridge.passport.attributes import attribute_table
from saltbridge.passport.lifecycle_rules import EventKind
from saltbridge.passport.measurements import as_value, condition
from saltbridge.passport.model import OriginKind, Values
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_dossier_check import CheckedDossier
from saltbridge.steps.passport_events import kept_events
from saltbridge.steps.passport_fetch import SECOND, fetched, keep_received, partner_named
from saltbridge.steps.passport_measured import measurements_in
from saltbridge.steps.passport_reading import facts_of

# What belongs to one passport or one operator and never to its successor.
_OWN: Final = frozenset({"A019", "A020", "A026", "A032", "A035", "A036", "A037"})
_OF_HEADER: Final = frozenset({"A016", "A017"})  # the rest is worked out or of one passport
# Who remanufactures makes a battery out of new and used cells (Regulation (EU) 2023/1542, Art.
# 3(1)(32)) and answers for it: who made the old one, when and where, its warranty, declaration
# of conformity and test reports say nothing about the new one, and are stated anew.
_OF_MAKER: Final = frozenset(
    {"A022", "A023", "A024", "A025", "A028", "A029", "A031", "A044", "A045", "A046"}
)

# What is the same in a battery made of several that are alike in it: substances and shares of
# them, signs and what they mean. Sizes, masses, energies and what was measured are not.
_OF_SUBSTANCE: Final = frozenset(
    {"A039", "A040", "A042", "A043", "A063", "A064", "A066", "A067", "A068"}
    | {f"A{number:03d}" for number in range(69, 78)}
)


def common(told: Sequence[Values]) -> Values:
    """What holds for a battery out of these: of one all, of several what is alike in them.

    Of several, only substances, their shares, and signs: a mass or a capacity of one says
    nothing of the whole, and nobody knows which one a measured value is about.
    """
    if len(told) < 2:
        return dict(*told)
    first, *others = told
    return {
        id: value
        for id, value in first.items()
        if id in _OF_SUBSTANCE
        and all(
            id in v and (v[id].value, v[id].unit) == (value.value, value.unit) for v in others
        )
    }


def lasting(values: Values, operation: str) -> Values:
    """Values that hold for the battery itself, whoever stated them, with their origin."""
    ended = _OWN | (_OF_MAKER if operation == EventKind.REMANUFACTURING else frozenset())
    return {
        id: value
        for id, value in values.items()
        if id not in ended
        and (attribute_table()[id].section != "header" or id in _OF_HEADER)
        and value.origin.kind is not OriginKind.COMPUTED
    }


def inherited(
    world: World, predecessors: Sequence[str], operation: str
) -> tuple[dict[str, Values], list[Finding]]:
    """Values by passport of another node, and what could not be fetched now.

    Only of those that were handed to this operator for this operation, signed by both. Asks
    other nodes: not inside a unit of work.

    Raises:
        Refused, NotVerified, FaultyInput: what came is not what was signed; nothing is built
            on a passport that does not hold together.
    """
    values: dict[str, Values] = {}
    notes: list[Finding] = []
    for name in dict.fromkeys(predecessors):
        with world.store.reading() as view:
            event = _handing(view, world, name, operation)
        if event is None:
            continue
        partner = partner_named(world, str(event["operator"]))
        try:
            file, checked = fetched(world, partner, name, SECOND)
        except Unavailable:
            told = {"passport": name, "operator": partner.name}
            notes.append(Finding("handover.not-fetched", told, severity=Severity.WARNING))
            continue
        if event["version"] not in _digests(checked):
            raise Refused([finding("handover.broken", passport=name, what="version")])
        with world.store.unit_of_work() as work:
            keep_received(work, name, partner, file)
            values[name] = _values(work, checked)
    return values, notes


def _handing(
    view: UnitOfWork, world: World, name: str, operation: str
) -> Mapping[str, Any] | None:
    """The words by which another node's battery was handed to this operator."""
    if not is_urn_uuid(name) or view.get("passport", name) is not None:
        return None
    for kept in kept_events(view, name):
        content: Mapping[str, Any] = kept["content"]
        if (content["event"], content["to"]) == (operation, world.node.did):
            return content
    return None


def _digests(checked: CheckedDossier) -> set[str]:
    return {str(v["record"]["claim_digest"]) for v in checked.dossier.versions}


def _values(work: UnitOfWork, checked: CheckedDossier) -> Values:
    """What the newest version says, and what was measured since."""
    facts = facts_of(work, checked.dossier.versions[-1]["record"])
    measured = [m for batch in checked.dossier.measurements for m in measurements_in(batch)]
    newer = {id: as_value(m, facts.issuer.name) for id, m in condition(measured).items()}
    return {**facts.values, **newer}
