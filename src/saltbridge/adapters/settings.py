"""The table of settings: what ``[settings]`` of ``node.toml`` may hold, and what it means.

One row a setting; a new one is a new row. ``check`` finds what the table does not know, so
that a misspelt security setting is said and never silently left out. ``make docs`` writes
docs/reference/settings.md from the same rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from saltbridge.core.finding import Finding, Place, finding
from saltbridge.core.identifiers import is_bpn
from saltbridge.passport.interest import interest_findings


@dataclass(frozen=True, slots=True)
class Setting:
    """One row. ``name`` is dotted below ``[settings]``; ``kind`` is the TOML type.

    ``least`` and ``most`` bound a number, ``choices`` a text; a ``list`` holds texts, and a
    ``dict`` is a table whose members are described where it is read. ``default`` None: off.
    """

    name: str
    kind: type
    says: str
    default: Any = None
    least: int | None = None
    most: int | None = None
    choices: tuple[str, ...] = ()


SETTINGS: Final = (
    # Where the node is served
    Setting("port", int, "Port to listen on.", "the port of base_url", 1, 65535),
    Setting("bind", str, "Address to listen on. Another one than loopback needs TLS or "
            "trusted_proxies.", "127.0.0.1"),
    Setting("trusted_proxies", list, "IP addresses or networks of reverse proxies whose "
            "X-Forwarded-For and X-Forwarded-Proto are believed.", ()),
    Setting("tls.certificate", str, "PEM file with the certificate, then its intermediate "
            "ones; relative to the node's folder."),
    Setting("tls.key", str, "PEM file with the private key, readable by its owner only."),
    Setting("ca_file", str, "PEM file with the certificate authorities believed in when "
            "partners are called, besides those of the system."),
    # The store
    Setting("store", str, "URL of the store: sqlite:///PATH or postgresql://….",
            "node.sqlite in the folder"),
    # Bounds of the public face
    Setting("limits.connections", int, "Connections at a time.", 200, 1, 10_000),
    Setting("limits.connections_per_address", int, "Connections at a time from one address; "
            "trusted proxies are not counted.", 50, 1, 10_000),
    Setting("limits.head_bytes", int, "Bytes of a request's line and headers.",
            32_768, 4_096, 1_048_576),
    Setting("limits.head_seconds", int, "Seconds within which a request's head has to "
            "arrive.", 10, 1, 600),
    Setting("limits.body_seconds", int, "Seconds within which a request's body has to "
            "arrive.", 30, 1, 3_600),
    Setting("limits.passport_misses_per_minute", int, "Addresses without a passport that one "
            "caller may ask for in a minute; then it has to wait, whatever it asks for. 0: any "
            "number.", 120, 0, 100_000),
    Setting("limits.passport_reads_per_minute", int, "Batteries whose public passport one "
            "caller may read in a minute, at once or spread; then it goes on at that pace. "
            "Read again, a battery counts once. 0: any number.", 600, 0, 1_000_000),
    # Watching it
    Setting("log_format", str, "Form of the log on standard error.", "json",
            choices=("json", "text")),
    Setting("log_level", str, "Least level that is logged.", "info",
            choices=("debug", "info", "warning", "error")),
    Setting("metrics_token_file", str, "File with the bearer token that opens /metrics and "
            "the details of /health/ready from elsewhere; without it loopback only."),
    Setting("least_free_megabytes", int, "Free space of the disk below which the node is "
            "not ready.", 200, 1, 1_000_000),
    # Keys
    Setting("passphrase_file", str, "File with the passphrase of the private keys, beside "
            "the node's folder."),
    Setting("pkcs11", dict, "Keys in a hardware module."),
    # Policies
    Setting("policies.groups", dict, "Groups of business partners for access policies: name = "
            "list of BPNs."),
    Setting("policies.purposes", list, "Purposes of use (CX-0152) this node has for data, "
            "besides those it knows: cx.pcf.base:1, cx.circular.dpp:1 and "
            "cx.core.digitalTwinRegistry:1.", ()),
    Setting("push.targets", dict, "Where else than to its own node a partner may have data "
            "pushed: BPN = list of origins, https://data.example."),
    Setting("live.upstreams", dict, "Systems of the company's own that may answer partners "
            "through this node: origin, http://10.0.0.5:8080, = file with its bearer token in "
            "the node's folder, or an empty text.", {}),
    # Who calls
    Setting("identity", str, "By what callers are known, and how this node signs in: did (a "
            "token of the partner's own key) or dcp (that, and credentials of the dataspace).",
            "did", choices=("did", "dcp")),
    Setting("credentials.trusted_issuers", dict, "Whose credentials are believed: DID of the "
            "issuer = list of types, or [\"*\"] for every type."),
    Setting("credentials.kept_seconds", int, "Seconds for which a checked presentation and a "
            "status list are relied on, if nothing in them ends before.", 120, 0, 3_600),
    # People
    Setting("sessions.idle_minutes", int, "Minutes without a request after which a person is "
            "signed out.", 30, 1, 480),
    Setting("sessions.absolute_hours", int, "Hours after signing in at which a person has to "
            "sign in again.", 12, 1, 24),
    Setting("oidc.issuer", str, "The company's OpenID Connect provider, as it names itself: "
            "https://…"),
    Setting("oidc.client_id", str, "Name under which this node is registered there."),
    Setting("oidc.client_secret_file", str, "File with the secret of that registration; "
            "relative to the node's folder."),
    Setting("oidc.label", str, "What people call the provider, for the sign-in page.",
            "its address"),
    Setting("oidc.roles_claim", str, "Claim of the ID token that lists roles or groups. "
            "Without it, people and roles are those entered at the node."),
    Setting("oidc.roles", dict, "Value of that claim = role of the node."),
    Setting("approval_days", int, "Days within which a pending release is to be approved.",
            14, 1, 365),
    # Passports
    Setting("passport_footprint_estimate", bool, "Whether new passports carry the company's "
            "own estimate of the carbon footprint, marked as that. The declaration of the law "
            "stays out until the act that asks for it is in force.", True),
    Setting("passport_credential", bool, "Whether a version of a passport is also signed as a "
            "W3C Verifiable Credential (application/vc+jwt).", False),
    Setting("passport_access.contact", str, "How to ask for access to what is not public: an "
            "address or telephone number, shown on every passport page."),
    Setting("passport_access.retention_years", int, "Years for which the names of readers of "
            "restricted data are kept; that something was read is kept for good.", 3, 1, 100),
    Setting("passport_access.interests", dict, "Who is admitted for what: a table for each "
            "row of docs/reference/passport-access.md, with points, uses, evidence, days, "
            "admitted."),
    Setting("passport_access.vehicle_brands", list, "Brands whose batteries this node issues "
            "passports for. A dismantler's credential opens passports by itself only where it "
            "allows one of them.", ()),
    # Digital twins
    Setting("twins.token_file", str, "File with the bearer token by which the company's own "
            "systems write to its registry below /twins/api/v3; without it nobody does."),
    Setting("twins.data_planes", list, "IP addresses or networks of EDC data planes whose "
            "header Edc-Bpn names the partner who asks; without them it is never believed.",
            ()),
    # The connector
    Setting("connector.kind", str, "Who speaks to partners: own (this node, by DSP 2025-1) or "
            "edc (an EDC that the company runs already).", "own", choices=("own", "edc")),
    Setting("connector.management_url", str, "Address of the EDC's management API, up to what "
            "stands before /v3; http only where it is no public address."),
    Setting("connector.api_key_file", str, "File with the key of the management API "
            "(X-Api-Key); relative to the node's folder."),
    Setting("connector.protocol_url", str, "Where partners reach the EDC by DSP 2025-1: what "
            "they enter as dsp_url."),
    Setting("connector.data_plane_url", str, "Where partners pull through the EDC (its public "
            "data plane); needed to offer digital twins by it."),
    Setting("connector.protocol", str, "Name of the protocol in the management API.",
            "dataspace-protocol-http:2025-1"),
    Setting("connector.participant_id", str, "The company's id in the dataspace, as the EDC "
            "has it.", "the node's DID"),
    Setting("connector.watch_seconds", int, "Seconds between two looks at what partners agreed "
            "and pulled through the EDC.", 60, 1, 3_600),
    # Border and record
    Setting("free_trade_zone", str, "Free-trade zone the company is registered in, whose "
            "data list applies (CN).", "none", choices=("none", "beijing", "shanghai-lingang")),
    Setting("retention_years", int, "Years for which released bytes and manifests are kept; "
            "decisions and the log are kept for good.", 3, 3, 100),
    Setting("timestamp_url", str, "Time-stamp authority (RFC 3161) for checkpoints."),
    Setting("timestamp_certificate", str, "PEM file with the root certificate by which its "
            "time-stamps are believed, relative to the node's folder."),
)  # fmt: skip
_BY_NAME: Final = {row.name: row for row in SETTINGS}
_TABLES: Final = frozenset(name.partition(".")[0] for name in _BY_NAME if "." in name)


def check(settings: Mapping[str, Any], here: Place) -> list[Finding]:
    """What is wrong with the settings, all at once; empty if nothing is."""
    faults: list[Finding] = []
    for name, value in _flat(settings):
        row = _BY_NAME.get(name)
        if row is None:
            faults.append(finding("node.unknown-member", here, member=f"settings.{name}"))
        elif type(value) is not row.kind:
            faults.append(finding("node.wrong-value", here, member=f"settings.{name}"))
        else:
            faults += _bounds(row, value, here)
    given = settings.get("tls")
    if isinstance(given, Mapping) and len(given.keys() & {"certificate", "key"}) == 1:
        missing = ({"certificate", "key"} - given.keys()).pop()
        faults.append(finding("node.missing-member", here, member=f"settings.tls.{missing}"))
    told = settings.get("connector")
    if isinstance(told, Mapping) and told.get("kind") == "edc":
        faults += [
            finding("node.missing-member", here, member=f"settings.connector.{name}")
            for name in ("management_url", "protocol_url")
            if not told.get(name)
        ]
    return faults


def value(settings: Mapping[str, Any], name: str) -> Any:
    """The setting as the node has it, else its default.

    Raises:
        KeyError: the table has no such row.
    """
    row, found = _BY_NAME[name], settings
    table, _, member = name.rpartition(".")
    if table:
        found = settings.get(table, {})
    return found.get(member, row.default)


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if name in _TABLES and isinstance(value, Mapping):
            yield from ((f"{name}.{member}", inner) for member, inner in value.items())
        else:
            yield name, value


def _is_origin(entry: object, *, inside: bool = False) -> bool:
    """Whether it is an origin alone: https, and plain http to 127.0.0.1 or ``inside``."""
    if not isinstance(entry, str):
        return False
    try:
        parts = urlsplit(entry)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    reached = parts.scheme == "https" or (
        parts.scheme == "http" and (inside or host == "127.0.0.1")
    )
    return reached and entry == f"{parts.scheme}://{parts.netloc}" and "@" not in entry


def _is_bpn(entry: object) -> bool:
    return isinstance(entry, str) and is_bpn(entry)


def _bounds(row: Setting, value: Any, here: Place) -> Iterator[Finding]:
    member = f"settings.{row.name}"
    if row.choices and value not in row.choices:
        yield finding(
            "settings.no-choice", here, member=member, found=value,
            known=", ".join(row.choices),
        )  # fmt: skip
    if row.kind is int and not (row.least or 0) <= value <= (row.most or value):
        yield finding(
            "settings.out-of-range", here, member=member, found=value,
            least=row.least or 0, most=row.most or 0,
        )  # fmt: skip
    if row.name == "policies.groups":
        for name, members in value.items():
            if not isinstance(members, list) or not all(map(_is_bpn, members)):
                yield finding("settings.group-faulty", here, member=member, found=name[:80])
    if row.name == "push.targets":
        for name, origins in value.items():
            if (
                not _is_bpn(name)
                or not isinstance(origins, list)
                or not all(map(_is_origin, origins))
            ):
                yield finding("settings.push-faulty", here, member=member, found=name[:80])
    if row.name == "live.upstreams":
        for origin, file in value.items():
            if not _is_origin(origin, inside=True) or not isinstance(file, str):
                yield finding(
                    "settings.upstream-faulty", here, member=member, found=origin[:80]
                )
    if row.name == "credentials.trusted_issuers":
        for did, types in value.items():
            texts = isinstance(types, list) and all(isinstance(t, str) and t for t in types)
            if not (did.startswith("did:web:") and texts and types):
                yield finding("settings.issuer-faulty", here, member=member, found=did[:200])
    if row.name == "passport_access.interests":
        yield from interest_findings(value, here)
    if row.kind is list and not all(isinstance(entry, str) for entry in value):
        yield finding("node.wrong-value", here, member=member)
    elif row.name in ("trusted_proxies", "twins.data_planes"):
        for entry in value:
            try:
                ip_network(entry, strict=False)
            except ValueError:
                yield finding("settings.no-network", here, member=member, found=entry[:80])
