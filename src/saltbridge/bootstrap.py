"""The only file that chooses real things: clock, keys, store, network, factors."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saltbridge.ports import (
    Clock,
    Connector,
    FactorLibrary,
    HttpClient,
    NodeProfile,
    OutboxEntry,
    PassportRegistry,
    TimestampAuthority,
    World,
)
from saltbridge.steps.changing_keys import ChangeableKeyring
from saltbridge.steps.identity import CREDENTIAL_SERVICE_PATH
from saltbridge.steps.partner_access import Ways

if TYPE_CHECKING:
    from saltbridge.adapters.upstream import NamedUpstreams
    from saltbridge.testing.issuer import TestIssuer


def open_world(node_dir: Path, *, store_url: str | None = None) -> World:
    """The world of the node in a folder.

    ``store_url`` takes the place of the store the node names. The settings are described at
    ``ports.World``.

    Raises:
        FaultyInput: no node is there, or its files are faulty.
        Refused: its store is newer than this code, or its keys lie open.
        Unavailable: its store cannot be opened.
    """
    from saltbridge.adapters import node_folder
    from saltbridge.adapters.clock import SystemClock
    from saltbridge.adapters.did_resolver import WebDidResolver
    from saltbridge.adapters.http import SafeHttpClient
    from saltbridge.adapters.identifiers import RandomIdentifiers
    from saltbridge.adapters.keys import FileKeyring
    from saltbridge.adapters.keys_passphrase import PassphraseSource
    from saltbridge.adapters.passwords import Argon2Passwords
    from saltbridge.adapters.pkcs11_signer import TokenKeys
    from saltbridge.adapters.stores import open_store
    from saltbridge.adapters.tls_files import partner_context

    node = node_folder.read(node_dir)
    pkcs11 = node.settings.get("pkcs11")
    profile = replace(node.profile, partners=node_folder.PartnersOnFile(node_dir))
    clock = SystemClock()
    http = SafeHttpClient(
        allow_loopback_http=profile.allow_loopback_http,
        ssl_context=partner_context(node.settings, node_dir),
    )
    return World(
        node=profile,
        clock=clock,
        identifiers=RandomIdentifiers(),
        keyring=FileKeyring(
            node_dir / node_folder.KEYS,
            profile.did,
            _version_url(node.settings, profile),
            f"{profile.base_url}/log",
            credential_url=f"{profile.base_url}{CREDENTIAL_SERVICE_PATH}",
            passphrase=PassphraseSource(node_dir, node.settings),
            token_signer=TokenKeys(node_dir, pkcs11) if pkcs11 else None,
        ),
        store=open_store(store_url or node.store_url, clock),
        http=http,
        did_resolver=WebDidResolver(
            http, clock, allow_loopback_http=profile.allow_loopback_http
        ),
        factor_library=open_factor_library(),
        passwords=Argon2Passwords(),
        settings={
            **node.settings,
            "folder": str(node_dir),
        },
        timestamp_authority=_timestamp_authority(node.settings, node_dir, http),
        connector=_connector(node.settings, node_dir, profile),
        upstream=_upstreams(node.settings, node_dir),
    )


def _version_url(settings: Mapping[str, Any], node: NodeProfile) -> str:
    """Where the versions are told of whoever speaks to partners, for the DID document."""
    from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1

    told: Mapping[str, Any] = settings.get("connector", {})
    url = str(told.get("protocol_url", "")) if told.get("kind") == "edc" else ""
    root = url.rstrip("/").removesuffix(DSP_2025_1.path) or node.base_url
    return f"{root}/.well-known/dspace-version"


def _upstreams(settings: Mapping[str, Any], node_dir: Path) -> "NamedUpstreams | None":
    """The systems of the company's own that the node names; none where it names none."""
    from saltbridge.adapters.settings import value

    named: Mapping[str, str] = value(settings, "live.upstreams")
    if not named:
        return None
    from saltbridge.adapters.tls_files import partner_context
    from saltbridge.adapters.upstream import NamedUpstreams

    files = {origin: node_dir / file if file else None for origin, file in named.items()}
    return NamedUpstreams(files, partner_context(settings, node_dir))


def _connector(
    settings: Mapping[str, Any], node_dir: Path, node: NodeProfile
) -> Connector | None:
    """The connector the company runs already, if the node has one named."""
    from saltbridge.adapters.settings import value

    if value(settings, "connector.kind") != "edc":
        return None
    from saltbridge.adapters.edc import EdcConnector
    from saltbridge.adapters.edc_management import Management
    from saltbridge.adapters.http import SafeHttpClient
    from saltbridge.adapters.tls_files import partner_context

    told: Mapping[str, Any] = settings["connector"]
    url, key = str(told["management_url"]), told.get("api_key_file")
    http = SafeHttpClient(ssl_context=partner_context(settings, node_dir), own_url=url)
    return EdcConnector(
        Management(http, url, node_dir / str(key) if key else None),
        protocol=value(settings, "connector.protocol"),
        own_did=node.did,
        own_id=str(told.get("participant_id") or node.did),
        own_address=str(told["protocol_url"]),
    )


def _timestamp_authority(
    settings: Mapping[str, Any], node_dir: Path, http: HttpClient
) -> TimestampAuthority | None:
    """The authority the node names: none without a certificate to trust it by."""
    certificate = settings.get("timestamp_certificate")
    if not certificate:
        return None
    from saltbridge.adapters.timestamp import HttpTimestampAuthority, read_roots

    roots = read_roots(node_dir / str(certificate))
    return HttpTimestampAuthority(http, str(settings.get("timestamp_url") or ""), roots)


@contextmanager
def opened_world(node_dir: Path) -> Iterator[World]:
    """The world of the node in a folder, for one piece of work; its store is closed after it.

    Raises:
        As ``open_world``.
    """
    world = open_world(node_dir)
    try:
        yield world
    finally:
        world.store.close()


@contextmanager
def opened_keys(node_dir: Path) -> Iterator[tuple[World, ChangeableKeyring]]:
    """The world of the node in a folder and its keys, to change them.

    Raises:
        As ``open_world``.
    """
    from saltbridge.adapters.keys import FileKeyring

    with opened_world(node_dir) as world:
        if not isinstance(world.keyring, FileKeyring):
            raise TypeError("the keys of a node are files")
        yield world, world.keyring


def change_passphrase(node_dir: Path, file: Path) -> None:
    """Have the keys of a node open with the passphrase in a file from now on.

    Raises:
        FaultyInput, Refused, Unavailable: either passphrase cannot be read, or is wrong.
    """
    from saltbridge.adapters.keys import FileKeyring

    with opened_keys(node_dir) as (_, keyring):
        if isinstance(keyring, FileKeyring):
            keyring.change_passphrase(file)


def open_factor_library() -> FactorLibrary:
    """The packaged factor sets and the fetched backgrounds of this machine."""
    from saltbridge.adapters.factors.library import Library

    return Library()


def open_registry() -> PassportRegistry:
    """The registry of passports: the labelled stand-in, for no other takes batteries yet."""
    from saltbridge.adapters.registry_simulator import SimulatedRegistry

    return SimulatedRegistry()


def open_clock() -> Clock:
    """The clock of this machine, for work that needs no node."""
    from saltbridge.adapters.clock import SystemClock

    return SystemClock()


def open_test_issuer(folder: Path, clock: Clock) -> "TestIssuer":
    """The test issuer in a folder: for trials on one machine, it reaches loopback by http."""
    from saltbridge.adapters.did_resolver import WebDidResolver
    from saltbridge.adapters.http import SafeHttpClient
    from saltbridge.adapters.identifiers import RandomIdentifiers
    from saltbridge.testing.issuer import TestIssuer

    http = SafeHttpClient(allow_loopback_http=True)
    resolver = WebDidResolver(http, clock, allow_loopback_http=True)
    return TestIssuer(folder, clock, RandomIdentifiers(), http, resolver)


def exchange_ways() -> Ways:
    """How a partner's interface is agreed on and opened: over our own connector."""
    from saltbridge.services.catalogue import request_catalogue
    from saltbridge.services.negotiate import start_negotiation
    from saltbridge.services.transfer import complete, request_transfer

    return Ways(request_catalogue, start_negotiation, request_transfer, complete)


def outbox_handlers() -> Mapping[str, Callable[[World, OutboxEntry], bool | None]]:
    """What is done about each kind of outbox entry."""
    from saltbridge.formats.dsp_outbox import FETCH, PUSH, REQUEST_TRANSFER, SEND
    from saltbridge.services.approval import lapse_expired
    from saltbridge.services.connector_follow import follow_waiting
    from saltbridge.services.connector_provide import offer_waiting, watch_waiting
    from saltbridge.services.log_witnesses import ask_waiting
    from saltbridge.services.negotiate import answer_held
    from saltbridge.services.pact_callback import call_back
    from saltbridge.services.passport_backup import send_waiting as send_copies
    from saltbridge.services.passport_status import renew_waiting
    from saltbridge.services.pcf_answer import PUT, put_waiting
    from saltbridge.services.pcf_ask import ASK
    from saltbridge.services.pcf_ask import ask_waiting as ask_for_pcf
    from saltbridge.services.push import push_waiting
    from saltbridge.services.receive import receive_waiting
    from saltbridge.services.send import send_waiting
    from saltbridge.services.transfer import request_waiting_transfer
    from saltbridge.services.twin_events import announce_waiting
    from saltbridge.services.witness import inquire_waiting
    from saltbridge.steps.connector_offering import OFFER, WATCH
    from saltbridge.steps.log import WITNESS
    from saltbridge.steps.pact_peers import CALLBACK
    from saltbridge.steps.passport_backup import SEND as COPIES
    from saltbridge.steps.passport_status import RENEW
    from saltbridge.steps.proposals import ANSWER_HELD, EXPIRY
    from saltbridge.steps.through_connector import FOLLOW
    from saltbridge.steps.twin_news import ANNOUNCE
    from saltbridge.steps.witnessing import INQUIRE

    ways = exchange_ways()
    return {
        SEND: send_waiting,
        FETCH: receive_waiting,
        PUSH: push_waiting,
        REQUEST_TRANSFER: request_waiting_transfer,
        WITNESS: ask_waiting,
        INQUIRE: inquire_waiting,
        ANSWER_HELD: answer_held,
        EXPIRY: lapse_expired,
        FOLLOW: follow_waiting,
        OFFER: offer_waiting,
        WATCH: watch_waiting,
        RENEW: renew_waiting,
        COPIES: send_copies,
        ASK: lambda world, entry: ask_for_pcf(world, ways, entry),
        CALLBACK: call_back,
        PUT: lambda world, entry: put_waiting(world, ways, entry),
        ANNOUNCE: lambda world, entry: announce_waiting(world, ways, entry),
    }
