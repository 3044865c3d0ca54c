"""The same exchange between two Eclipse EDC connectors: figures to put beside ours.

``exchange.py`` asks for ``measured(folder, quick)``, where Maven has EDC's published parts
(``tests/edc`` resolves and starts them): two processes, each control plane and data plane, all
in memory. They are driven as EDC's own users do it, through the management API: one walk after
the other looks every 5 ms whether a state is reached, as with ours; of many negotiations at
once EDC tells the end by its own call back, so that nobody's questions keep it from its work.

What is not alike, and which way it leans: EDC keeps everything in memory, ours commits every
step to disk; EDC's identity is its mock (a JSON object that is believed), ours resolves DIDs
and checks signatures and credentials (DCP). Both are in EDC's favour. Settings are EDC's
defaults, and the same with a sleep of 50 ms for every state machine; the JVM is told nothing
but how much memory it may take (512 MB).

``python bench/exchange_edc.py`` prints EDC's figures alone.
"""

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from exchange_edc_ends import FINALIZED, listening  # noqa: E402
from tests.conformance.maven import NotHere  # noqa: E402
from tests.edc.connector import Edc, Settings, resident_mb, running  # noqa: E402
from tests.edc.management import ODRL_CONTEXT, PROTOCOL, put_offer  # noqa: E402
from tests.edc.parts import edc_version  # noqa: E402

LOOK_SECONDS: Final = 0.005
PATIENCE_SECONDS: Final = 120.0
CLIENTS: Final = 32
ASSET: Final = "footprints"
DOCUMENT: Final = ROOT / "examples" / "partners" / "material-supplier" / "pcf.json"
NAMES: Final = {"@vocab": "https://w3id.org/edc/v0.0.1/ns/"}
POLICY: Final = {"@context": ODRL_CONTEXT, "@type": "Set", "permission": [{"action": "use"}]}


class Client:
    """One kept connection to a management API."""

    def __init__(self, edc: Edc) -> None:
        address = urlsplit(edc.management)
        self._root, self._key = address.path, edc.api_key
        self._line = HTTPConnection(address.hostname or "", address.port, timeout=60)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """What it answers; None where there is nothing."""
        asked = None if body is None else json.dumps({"@context": NAMES, **body})
        headers = {"x-api-key": self._key, "content-type": "application/json"}
        try:
            self._line.request(method, f"{self._root}{path}", asked, headers)
            answer = self._line.getresponse()
        except ConnectionError:  # it closes a connection that nobody used for a while
            self._line.close()
            self._line.request(method, f"{self._root}{path}", asked, headers)
            answer = self._line.getresponse()
        content = answer.read()
        if answer.status == 404:
            return None
        assert answer.status < 300, content
        return json.loads(content) if content else None

    def until(self, path: str, wanted: str) -> dict[str, Any]:
        """The process once it is in that state."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := self.call("GET", path))["state"] != wanted:
            assert found["state"] != "TERMINATED" and time.monotonic() < deadline, found
            time.sleep(LOOK_SECONDS)
        return dict(found)


@contextmanager
def source() -> Iterator[str]:
    """What lies behind the provider's data plane: the document that our bench offers too."""
    content = DOCUMENT.read_bytes()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/pcf"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def pair(folder: Path, sleep_ms: int | None) -> Iterator[tuple[Edc, Edc]]:
    """Provider and consumer; the provider offers one asset to everybody."""
    with (
        source() as url,
        running(Settings("did:web:giving.example", sleep_ms), folder / "giving") as giving,
        running(Settings("did:web:taking.example", sleep_ms), folder / "taking") as taking,
    ):
        put_offer(giving, ASSET, url, POLICY)
        yield giving, taking


def _offer(client: Client, giving: Edc) -> dict[str, Any]:
    asked = {
        "counterPartyAddress": giving.dsp,
        "counterPartyId": giving.participant,
        "protocol": PROTOCOL,
    }
    dataset = client.call("POST", "/v3/catalog/request", asked)["dataset"]
    found = dataset[0] if isinstance(dataset, list) else dataset
    policies = found["hasPolicy"]
    policy = policies[0] if isinstance(policies, list) else policies
    contexts = ["https://w3id.org/dspace/2025/1/odrl-profile.jsonld"]
    parties = {"assigner": giving.participant, "target": found["@id"]}
    return {"@context": contexts, **policy, **parties}


def _begin(
    client: Client, giving: Edc, offer: dict[str, Any], callbacks: list[dict[str, Any]]
) -> str:
    asked = {
        "counterPartyAddress": giving.dsp,
        "protocol": PROTOCOL,
        "policy": offer,
        "callbackAddresses": callbacks,
    }
    return str(client.call("POST", "/v3/contractnegotiations", asked)["@id"])


def _agree(client: Client, giving: Edc, offer: dict[str, Any]) -> str:
    begun = _begin(client, giving, offer, [])
    done = client.until(f"/v3/contractnegotiations/{begun}", "FINALIZED")
    return str(done["contractAgreementId"])


def _first_byte(client: Client, giving: Edc, agreement: str) -> None:
    asked = {
        "counterPartyAddress": giving.dsp,
        "protocol": PROTOCOL,
        "contractId": agreement,
        "transferType": "HttpData-PULL",
    }
    begun = client.call("POST", "/v3/transferprocesses", asked)["@id"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (address := client.call("GET", f"/v3/edrs/{begun}/dataaddress")) is None:
        assert time.monotonic() < deadline, "the transfer never started"
        time.sleep(LOOK_SECONDS)
    place = urlsplit(address["endpoint"])
    line = HTTPConnection(place.hostname or "", place.port, timeout=30)
    line.request("GET", place.path, headers={"authorization": address["authorization"]})
    answer = line.getresponse()
    assert answer.status == 200 and answer.read(1)
    line.close()


def first_bytes_ms(giving: Edc, taking: Edc, count: int) -> list[float]:
    """From asking for the catalogue to the first byte, one after another [ms]."""
    client, times = Client(taking), []
    for _ in range(count + 1):
        began = time.perf_counter()
        _first_byte(client, giving, _agree(client, giving, _offer(client, giving)))
        times.append((time.perf_counter() - began) * 1000)
    return times[1:]  # the first one loads classes


def rate(giving: Edc, taking: Edc, count: int) -> tuple[float, float]:
    """Complete negotiations per second, 32 of them under way at any moment; the share lost.

    EDC ends a negotiation for good where a message comes before it was ready for it: those are
    lost, and not counted.
    """
    offer = _offer(Client(taking), giving)
    clients = threading.local()

    with listening() as ends, ThreadPoolExecutor(CLIENTS) as pool:

        def one(_: int) -> bool:
            if not hasattr(clients, "own"):
                clients.own = Client(taking)
            begun = _begin(clients.own, giving, offer, [ends.callback])
            return ends.wait(begun, PATIENCE_SECONDS) == FINALIZED

        list(pool.map(one, range(CLIENTS)))
        began = time.perf_counter()
        done = sum(pool.map(one, range(count)))
        return done / (time.perf_counter() - began), 1 - done / count


def cpu_seconds(edc: Edc) -> float:
    """Processor time of the connector since its start."""
    fields = Path(f"/proc/{edc.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measured(
    folder: Path, quick: bool = False, say: Callable[[str], None] = print
) -> dict[str, float]:
    """EDC's figures by name; none where it cannot be had, and ``say`` tells why."""
    figures: dict[str, float] = {}
    runs = (("edc", None, 10, 200), ("edc_50", 50, 30, 500))
    try:
        for name, sleep_ms, walks, many in runs:
            if quick:
                walks, many = 2, CLIENTS
            with pair(folder / name, sleep_ms) as (giving, taking):
                times = first_bytes_ms(giving, taking, walks)
                figures[f"{name}_first_byte_ms"] = statistics.median(times)
                if sleep_ms is None:
                    figures["edc_start_s"] = min(giving.started_s, taking.started_s)
                before = cpu_seconds(giving)
                done, lost = rate(giving, taking, many)
                figures |= {f"{name}_rate": done, f"{name}_lost_percent": lost * 100}
                spent = (cpu_seconds(giving) - before) / (many + CLIENTS)
                figures[f"{name}_cpu_ms"] = spent * 1000
                figures[f"{name}_resident_mb"] = resident_mb(giving)
    except NotHere as reason:
        say(f"no EDC beside it: {reason}")
        return {}
    say(
        f"EDC {edc_version()}, two processes in memory, mock identity; with 50 ms sleeps "
        f"({figures['edc_50_rate']:.1f} negotiations/s, {figures['edc_50_cpu_ms']:.1f} ms of "
        f"the provider each); lost of them {figures['edc_lost_percent']:.1f} % with defaults, "
        f"{figures['edc_50_lost_percent']:.1f} % with 50 ms"
    )
    return figures


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="saltbridge-edc-") as name:
        for what, figure in measured(Path(name), "--quick" in sys.argv).items():
            print(f"{what:24}{figure:12,.2f}")
