"""A served node for the DCP kit: the shipped application, and doors that only the kit needs.

The kit is its one partner and its one issuer. What a dataspace asks of callers is the kit's own
dataspace (one credential, by the alias of the specification), and nothing is remembered of a
presentation, since each case presents something else under one DID.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

import uvicorn
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from tests.conformance.dsp.node import free_ports

from saltbridge.adapters.clock import SystemClock
from saltbridge.adapters.did_resolver import WebDidResolver
from saltbridge.adapters.http import SafeHttpClient
from saltbridge.adapters.identifiers import RandomIdentifiers
from saltbridge.adapters.stores import open_store
from saltbridge.core.canonical import canonical_bytes
from saltbridge.core.errors import SaltbridgeError
from saltbridge.core.identifiers import did_web
from saltbridge.ports import Partner, World
from saltbridge.services.sign_in import known_caller
from saltbridge.steps.identity import sign_in_token
from saltbridge.steps.own_credentials import REQUEST
from saltbridge.testing.builders import memory_world, node_profile
from saltbridge.trust.access_token import access_token
from saltbridge.trust.did import iso
from saltbridge.trust.held import MEMBERSHIP, CredentialProfile
from saltbridge.trust.scope import DCP_TYPE
from saltbridge.web.app import create_app

HOLDER_PID: Final = "request-of-the-conformance-tests"
CLIENT: Final = ("conformance", "only-for-the-kit")
KITS_DATASPACE: Final = CredentialProfile("dcp-tck", DCP_TYPE, (MEMBERSHIP,))


@dataclass(frozen=True, slots=True)
class Served:
    """Where the node is reached, who it is, and where it expects the kit."""

    base_url: str
    did: str
    callback: str


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """A node over loopback, until the block ends."""
    port, kit_port = free_ports(2)
    callback = f"http://127.0.0.1:{kit_port}"
    world = kit_world(folder, port, callback)
    config = uvicorn.Config(
        application(world), host="127.0.0.1", port=port, log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield Served(world.node.base_url, world.node.did, callback)
    finally:
        server.should_exit = True
        thread.join(10)
        world.store.close()


def kit_world(folder: Path, port: int, callback: str) -> World:
    """The world of the node: it knows the kit's holder, and believes the kit's issuer."""
    clock = SystemClock()
    for old in folder.glob("node.sqlite*"):
        old.unlink()
    holder, issuer = (did_web(f"{callback}/{role}") for role in ("holder", "issuer"))
    kit = Partner("kit", "BPNL00000000TCK1", holder, "DE")
    http = SafeHttpClient(allow_loopback_http=True)
    world = replace(
        memory_world(node_profile("undertest", port=port, partners=(kit,))),
        clock=clock,
        identifiers=RandomIdentifiers(),
        store=open_store(f"sqlite:///{folder / 'node.sqlite'}", clock),
        http=http,
        did_resolver=WebDidResolver(http, clock, allow_loopback_http=True),
        settings={
            "identity": "dcp",
            "credentials": {"trusted_issuers": {issuer: ["*"]}, "kept_seconds": 0},
        },
        credential_profile=KITS_DATASPACE,
    )
    asked = {"issuer": issuer, "types": [MEMBERSHIP], "status": "REQUESTED", "reason": ""}
    with world.store.unit_of_work() as work:
        body = {**asked, "at": iso(clock.now())}
        work.put(REQUEST, HOLDER_PID, canonical_bytes(body))
    return world


def application(world: World) -> FastAPI:
    """The shipped application, a trigger for its check of callers, and a token service."""
    app = create_app(world)

    async def trigger(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            return Response(status_code=401)
        try:
            await run_in_threadpool(known_caller, world, token)
        except SaltbridgeError:
            return Response(status_code=401)
        return Response(status_code=200)

    async def token(request: Request) -> Response:
        """A token as this node would send it to the audience (STS, client credentials)."""
        form = {n: v[0] for n, v in parse_qs((await request.body()).decode()).items()}
        if (form.get("client_id"), form.get("client_secret")) != CLIENT:
            return Response(status_code=401)
        access = access_token(
            owner=world.node.did,
            bearer=form["audience"],
            scopes=form["bearer_access_scope"].split(" "),
            jti=world.identifiers.urn_uuid(),
            now=world.clock.now(),
            signer=world.keyring.signer(),
        )
        told = sign_in_token(world, form["audience"], access)
        return JSONResponse({"access_token": told, "token_type": "Bearer"})

    app.add_route("/tck/trigger", trigger, methods=["POST"])
    app.add_route("/tck/sts/token", token, methods=["POST"])
    return app
