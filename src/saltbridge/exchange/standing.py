"""Who would take the data, as far as policies ask."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a consumer when a policy is judged.

    ``member`` and ``frameworks`` (``DataExchangeGovernance:1.0``) come from credentials that
    were checked; None where this node asks for none: then its people vouch for the partners
    they entered. ``groups`` are the provider's own; None where they cannot be known.
    """

    bpn: str
    did: str = ""
    groups: frozenset[str] | None = frozenset()
    member: bool | None = None
    frameworks: frozenset[str] | None = None
