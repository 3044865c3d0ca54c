"""A dataspace of credentials around a real EDC: our node, an issuer, and a wallet for the EDC.

The wallet is a second node of ours under the EDC's DID: it serves the DID document and the
credential service, and holds what the test issuer gave it. Its keys sign the EDC's tokens: the
token service of the test answers EDC's questions in the words of OAuth2. All are served by the
commands that a person runs.
"""

import contextlib
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs
from urllib.request import urlopen

from tests.conformance.dsp.node import free_ports
from tests.edc.connector import Edc, Settings, running
from tests.edc.our_node import EDC_BPN, until

from saltbridge.adapters.processes import ends_with_parent
from saltbridge.bootstrap import opened_world
from saltbridge.cli.main import run
from saltbridge.core.identifiers import did_web
from saltbridge.ports import World
from saltbridge.steps.identity import access_for, sign_in_token
from saltbridge.trust.held import CATENA_X
from saltbridge.trust.scope import scope_of

OUR_BPN: Final = "BPNL00000000OURS"


@dataclass(frozen=True, slots=True)
class Space:
    """What a test needs: the EDC, our node's folder, and where it is reached."""

    edc: Edc
    folder: Path
    url: str

    @property
    def did(self) -> str:
        return did_web(self.url)

    @property
    def dsp(self) -> str:
        return f"{self.url}/2025-1"


def command(*words: str) -> str:
    """Run a ``saltbridge`` command; what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(list(words))
    assert code == 0, f"saltbridge {' '.join(words)}: {code}\n{out.getvalue()}{err.getvalue()}"
    return out.getvalue()


@contextmanager
def served(words: list[str], url: str, log: Path) -> Iterator[None]:
    """A command that serves, until the block ends."""
    with log.open("ab") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", "saltbridge", *words],
            stdout=told,
            stderr=told,
            preexec_fn=ends_with_parent(),
        )
    try:
        until(lambda: _answers(url), lambda: log.read_text(encoding="utf-8")[-2000:])
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(url: str) -> bool:
    with contextlib.suppress(OSError), urlopen(url, timeout=5) as answer:
        return int(answer.status) == 200
    return False


@contextmanager
def token_service(wallet: World) -> Iterator[str]:
    """Self-issued ID tokens of the wallet's company for whoever asks on loopback."""

    class Tokens(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(content).items()}
            audience, access = form["audience"], form.get("token", "")
            if "bearer_access_scope" in form:
                access = access_for(wallet, audience)
            token = sign_in_token(wallet, audience, access)
            said = json.dumps({"access_token": token, "token_type": "Bearer"}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def space(folder: Path) -> Iterator[Space]:
    """The dataspace, until the block ends; both companies hold their credentials."""
    ports = dict(zip(("ours", "wallet", "issuer"), free_ports(3), strict=True))
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    dids = {name: did_web(url) for name, url in urls.items()}
    numbers = {"ours": OUR_BPN, "wallet": EDC_BPN}
    for name, bpn in numbers.items():
        command(
            *("node", "init", str(folder / name), "--name", name, "--legal-name", name),
            *("--bpn", bpn, "--jurisdiction", "CN", "--country", "CN"),
            *("--address", "of a test", "--port", str(ports[name]), "--allow-loopback-http"),
        )
    members = (f"--member={dids[name]}={bpn}" for name, bpn in numbers.items())
    issuer = str(folder / "issuer")
    command("test-issuer", "init", issuer, "--port", str(ports["issuer"]), *members)
    with ExitStack() as open:
        wallet = open.enter_context(opened_world(folder / "wallet"))
        tokens = open.enter_context(token_service(wallet))
        settings = Settings(
            dids["wallet"], dcp=True, debug=True, further=_identity(dids, tokens)
        )
        edc = open.enter_context(running(settings, folder / "edc"))
        reached = {"ours": edc.dsp, "wallet": f"{urls['ours']}/2025-1"}
        for name, other in (("ours", "wallet"), ("wallet", "ours")):
            command(
                *("node", "partner", str(folder / name), "--name", other),
                *("--bpn", numbers[other], "--did", dids[other], "--jurisdiction", "CN"),
                *("--dsp-url", reached[name]),
            )
            node = ("--node", str(folder / name))
            command("identity", "trust", dids["issuer"], "--mode", "dcp", *node)
        words = ["test-issuer", "serve", issuer]
        did_json = f"{urls['issuer']}/.well-known/did.json"
        open.enter_context(served(words, did_json, folder / "issuer.log"))
        for name in numbers:
            health = f"{urls[name]}/health"
            words = ["node", "serve", str(folder / name)]
            open.enter_context(served(words, health, folder / f"{name}.log"))
            wait = ("--wait", "60", "--node", str(folder / name))
            command("identity", "request", dids["issuer"], *wait)
        yield Space(edc, folder / "ours", urls["ours"])


def _identity(dids: dict[str, str], tokens: str) -> dict[str, str]:
    """EDC's settings for DCP: who it is, whom it believes, what it asks for."""
    scopes = (scope_of(CATENA_X.alias, type) for type in CATENA_X.required)
    return {
        "edc.iam.issuer.id": dids["wallet"],
        "edc.iam.did.web.use.https": "false",
        "edc.iam.trusted-issuer.test.id": dids["issuer"],
        # EDC reads a status list as JSON, and by default does not say so.
        "edc.iam.credential.revocation.mimetype": "application/json",
        "saltbridge.sts": tokens,
        "saltbridge.scopes": ",".join(scopes),
    }
