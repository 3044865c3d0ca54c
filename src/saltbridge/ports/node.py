"""Who this node is, and the companies it knows."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partner:
    """A company this node knows: the DID is the anchor for everything it signs."""

    name: str
    bpn: str
    did: str
    jurisdiction: str  # ISO 3166-1 alpha-2, or EU
    dsp_url: str = ""  # its DSP base URL, ending in /2025-1
    participant_id: str = ""  # its id in the dataspace, where that is not its DID


@dataclass(frozen=True, slots=True)
class NodeProfile:
    """Who this node is. ``jurisdiction`` decides which border packs apply."""

    name: str
    legal_name: str
    bpn: str
    did: str
    jurisdiction: str
    base_url: str
    address: str = ""
    country: str = ""
    partners: Sequence[Partner] = ()  # may follow its file: a served node learns of new ones
    allow_loopback_http: bool = False  # did:web and DSP over http, to 127.0.0.1 only

    def partner(self, identifier: str) -> Partner | None:
        """The partner with this BPN or DID."""
        return next((p for p in self.partners if identifier in (p.bpn, p.did)), None)
