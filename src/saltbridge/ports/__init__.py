"""What the services may ask of the world; ``World`` holds it all.

Services are functions ``(world, request) -> result`` that gather, decide and commit. The
adapters behind these protocols are chosen in ``bootstrap`` and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from saltbridge.ports.connector import (
    VIA_CONNECTOR,
    Connector,
    Offering,
    SeenNegotiation,
    SeenTransfer,
)
from saltbridge.ports.deciding import Decider
from saltbridge.ports.kept import Kept
from saltbridge.ports.keys import (
    Keyring,
    Signer,
)
from saltbridge.ports.log import (
    AuditedLeaf,
    AuditedRow,
    Log,
    LogEvent,
    LogLeaf,
    StoreAudit,
)
from saltbridge.ports.node import (
    NodeProfile,
    Partner,
)
from saltbridge.ports.outside import (
    Clock,
    DidResolver,
    FactorLibrary,
    HttpAnswer,
    HttpClient,
    Identifiers,
    Passwords,
    TimestampAuthority,
    Upstreams,
)
from saltbridge.ports.registry import (
    MOST_IN_A_FILE,
    PassportRegistry,
    Registration,
    RegistryEntry,
)
from saltbridge.ports.store import (
    ERASABLE,
    ERASED,
    FORGETTABLE,
    MAX_ATTEMPTS,
    Asker,
    OutboxEntry,
    StaleWrite,
    Store,
    StoredRecord,
    UnitOfWork,
)
from saltbridge.trust.held import CATENA_X, CredentialProfile

__all__ = [
    "ERASABLE",
    "ERASED",
    "FORGETTABLE",
    "MAX_ATTEMPTS",
    "MOST_IN_A_FILE",
    "VIA_CONNECTOR",
    "Asker",
    "AuditedLeaf",
    "AuditedRow",
    "Clock",
    "Connector",
    "Decider",
    "DidResolver",
    "FactorLibrary",
    "HttpAnswer",
    "HttpClient",
    "Identifiers",
    "Kept",
    "Keyring",
    "Log",
    "LogEvent",
    "LogLeaf",
    "NodeProfile",
    "Offering",
    "OutboxEntry",
    "Partner",
    "PassportRegistry",
    "Passwords",
    "Registration",
    "RegistryEntry",
    "SeenNegotiation",
    "SeenTransfer",
    "Signer",
    "StaleWrite",
    "Store",
    "StoreAudit",
    "StoredRecord",
    "TimestampAuthority",
    "UnitOfWork",
    "Upstreams",
    "World",
]


@dataclass(frozen=True)
class World:
    """Everything a service may touch.

    ``settings`` holds what ``adapters.settings`` lists, where it is set, and of a node on disk
    its ``folder``. ``decider`` is for tests alone: nothing that serves a node sets one.
    ``connector`` is one that the company runs already and that speaks to partners in our place.
    ``upstream`` are systems of its own that partners may ask through this node.
    ``credential_profile`` is what the dataspace asks of callers; ``kept`` is this process's
    memory of what was fetched and checked.
    """

    node: NodeProfile
    clock: Clock
    identifiers: Identifiers
    keyring: Keyring
    store: Store
    http: HttpClient
    did_resolver: DidResolver
    factor_library: FactorLibrary
    passwords: Passwords
    settings: Mapping[str, Any] = field(default_factory=dict)
    timestamp_authority: TimestampAuthority | None = None
    decider: Decider | None = None
    connector: Connector | None = None
    upstream: Upstreams | None = None
    credential_profile: CredentialProfile = CATENA_X
    kept: Kept = field(default_factory=Kept)
