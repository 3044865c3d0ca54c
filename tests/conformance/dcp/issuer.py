"""The shipped test issuer, served for the DCP kit, which plays its one member.

It gives the two types of credentials of the kit's own dataspace, and none of Catena-X's beside.
"""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from tests.conformance.dcp.node import Served
from tests.conformance.dsp.node import free_ports

from saltbridge.adapters.clock import SystemClock
from saltbridge.adapters.did_resolver import WebDidResolver
from saltbridge.adapters.http import SafeHttpClient
from saltbridge.adapters.identifiers import RandomIdentifiers
from saltbridge.core.identifiers import did_web
from saltbridge.testing.issuer import TestIssuer
from saltbridge.testing.issuer_app import issuer_app
from saltbridge.testing.issuer_state import admit, create
from saltbridge.trust.held import MEMBERSHIP

TYPES: Final = (MEMBERSHIP, "SensitiveDataCredential")


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The issuer over loopback, until the block ends."""
    port, kit_port = free_ports(2)
    callback = f"http://127.0.0.1:{kit_port}"
    state = folder / "issuer"
    shutil.rmtree(state, ignore_errors=True)
    base = f"http://127.0.0.1:{port}/issuer"
    create(state, base)
    admit(state, did_web(f"{callback}/holder"), "BPNL00000000TCK1")
    clock = SystemClock()
    http = SafeHttpClient(allow_loopback_http=True)
    resolver = WebDidResolver(http, clock, allow_loopback_http=True)
    issuer = TestIssuer(state, clock, RandomIdentifiers(), http, resolver, TYPES)
    config = uvicorn.Config(
        issuer_app(issuer), host="127.0.0.1", port=port, log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield Served(base, issuer.did, callback)
    finally:
        server.should_exit = True
        thread.join(10)
