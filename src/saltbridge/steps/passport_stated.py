"""What an operator states in a file of facts, read alike at every door."""

from typing import Any

from saltbridge.core.finding import Finding
from saltbridge.passport.assemble import parse_values
from saltbridge.passport.fixed import fixed_findings
from saltbridge.passport.model import AttributeValue, Origin, OriginKind
from saltbridge.ports import World


def stated_by_operator(
    world: World, stated: Any, pointer: str = "/attributes"
) -> tuple[dict[str, AttributeValue], list[Finding]]:
    """The values of ``[attributes]`` in the operator's file, and what is wrong in it.

    What the header says, and what an event of the life cycle changes, nobody states there.
    """
    own_by = Origin(OriginKind.OPERATOR, world.node.legal_name, world.node.did)
    values, found = parse_values(stated, own_by, pointer)
    return values, [*found, *fixed_findings(values, pointer)]
