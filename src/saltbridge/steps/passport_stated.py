"""What an operator states in a file of facts, read alike at every door."""

from collections.abc import Mapping
from typing import Any, Final

from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.finding import Finding
from saltbridge.passport.assemble import parse_values
from saltbridge.passport.fixed import fixed_findings
from saltbridge.passport.model import AttributeValue, Origin, OriginKind
from saltbridge.passport.unknown import unknown_attributes
from saltbridge.ports import UnitOfWork, World
from saltbridge.steps.passport_reading import version_id

UNKNOWN: Final = "passport-unknown"  # the kind of what a version's facts state and no row has


def stated_by_operator(
    world: World, stated: Any, pointer: str = "/attributes"
) -> tuple[dict[str, AttributeValue], list[Finding]]:
    """The values of ``[attributes]`` in the operator's file, and what is wrong in it.

    What the header says, and what an event of the life cycle changes, nobody states there.
    """
    own_by = Origin(OriginKind.OPERATOR, world.node.legal_name, world.node.did)
    values, found = parse_values(stated, own_by, pointer)
    return values, [*found, *fixed_findings(values, pointer)]


def keep_unknown(
    work: UnitOfWork, passport_id: str, version: int, facts: Mapping[str, Any]
) -> None:
    """Keep what the facts of a version state that the table has no row for, as it came.

    It is in no version, so nobody sees it, and it does not move with a passport.
    """
    if version and (found := unknown_attributes({}, facts)):
        id = version_id(passport_id, version)
        work.put(UNKNOWN, id, canonical_bytes({"id": id, **found}), expected_version=0)
