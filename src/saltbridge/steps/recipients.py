"""The partners somebody names: by BPN, DID or name."""

from collections.abc import Sequence

from saltbridge.core.finding import Finding, finding
from saltbridge.ports import Partner, World


def partners_named(
    world: World, named: Sequence[str]
) -> tuple[tuple[Partner, ...], list[Finding]]:
    """The partners of these names, each once, and what is wrong with the names."""
    findings = [] if named else [finding("publish.no-recipient")]
    partners: dict[str, Partner] = {}
    for one in named:
        partner = world.node.partner(one) or next(
            (p for p in world.node.partners if p.name.casefold() == one.casefold()), None
        )
        if partner is None:
            known = ", ".join(f"{p.name} ({p.bpn})" for p in world.node.partners)
            findings.append(finding("publish.unknown-partner", partner=one, known=known))
        else:
            partners[partner.bpn] = partner
    return tuple(partners.values()), findings
