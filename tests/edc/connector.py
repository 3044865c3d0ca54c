"""A real EDC on loopback: control plane and data plane in one process, all in memory.

    from tests.edc.connector import Settings, running

    with running(Settings("did:web:edc.example"), folder) as edc:
        edc.management  # http://127.0.0.1:PORT/management, header x-api-key: edc.api_key
        edc.protocol    # http://127.0.0.1:PORT/protocol; DSP 2025-1 is at edc.dsp

``running`` raises ``NotHere`` (tests.conformance.maven) with the reason where Maven does not
have EDC; the fixtures of ``conftest.py`` skip with it. ``folder`` gets ``edc.properties`` and
``edc.log``, whose end is told if the connector does not start. The jars are resolved once, into
``build/edc`` (a minute the first time).

What it is: EDC's control-plane and data-plane bundles of the version in ``pom.xml``, with EDC's
own mock identity: a caller sends ``{"region", "audience", "clientId"}`` as its token and is
believed. Policies are not validated when they are stored (``edc.policy.validation.enabled``),
since no function of EDC's is bound to the operands of Catena-X: EDC takes them as fulfilled.
With ``dcp=True`` it has EDC's own DCP instead (``dcp.space`` makes the dataspace around it).
``Settings.sleep_ms`` is the sleep of every state machine; None leaves EDC's default,
1000 ms.
"""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from tests.conformance.dsp.node import free_ports
from tests.edc.parts import class_path
from tests.processes import end_group

from saltbridge.adapters.processes import ends_with_parent
from saltbridge.exchange.operands import OPERANDS
from saltbridge.exchange.profiles.dsp_2025_1 import DSP_2025_1

MAIN: Final = "org.eclipse.edc.boot.system.runtime.BaseRuntime"
START_SECONDS: Final = 90.0
POLL_SECONDS: Final = 0.05
_READY: Final = re.compile(r"Runtime \S+ ready")
API_KEY: Final = "key-of-the-interop-tests"
_DOORS: Final = {
    "": "/api",
    "management": "/management",
    "control": "/control",
    "protocol": "/protocol",
    "version": "/version",
}
CX_CONTEXT: Final = f"{DSP_2025_1.policy_profile}context.jsonld"
SLEEPS: Final = (
    "edc.negotiation.state-machine.iteration-wait-millis",
    "edc.transfer.state-machine.iteration-wait-millis",
    "edc.dataplane.state-machine.iteration-wait-millis",
    "edc.data.plane.selector.state-machine.iteration-wait-millis",
    "edc.policy.monitor.state-machine.iteration-wait-millis",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Who the connector is, how long its state machines sleep, and further settings of EDC."""

    participant: str
    sleep_ms: int | None = 50
    further: Mapping[str, str] = field(default_factory=dict)
    java: tuple[str, ...] = ("-Xmx512m",)
    debug: bool = False
    dcp: bool = False
    """Identity by the Decentralized Claims Protocol; ``further`` then says whose (dcp.py)."""


@dataclass(frozen=True, slots=True)
class Edc:
    """A connector that answers."""

    participant: str
    ports: Mapping[str, int]
    log: Path
    pid: int
    started_s: float
    """Seconds from the start of the process until it said that it was ready."""
    api_key: str = API_KEY

    def door(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}{_DOORS[name]}"

    @property
    def management(self) -> str:
        return self.door("management")

    @property
    def protocol(self) -> str:
        return self.door("protocol")

    @property
    def dsp(self) -> str:
        """The base of the Dataspace Protocol 2025-1."""
        return f"{self.protocol}/2025-1"


@contextmanager
def running(settings: Settings, folder: Path) -> Iterator[Edc]:
    """The connector, until the block ends.

    Raises:
        NotHere: EDC cannot be had on this machine; the message says why.
        AssertionError: it did not start; the message ends with its log.
    """
    path = class_path(settings.dcp)
    ports = dict(zip(_DOORS, free_ports(len(_DOORS)), strict=True))
    folder.mkdir(parents=True, exist_ok=True)
    configuration, log = folder / "edc.properties", folder / "edc.log"
    words = folder / "policy-vocabulary.jsonld"
    words.write_text(json.dumps({"@context": _vocabulary()}), encoding="utf-8")
    said = _properties(settings, ports) | {"edc.jsonld.document.cx.path": str(words)}
    lines = (f"{key}={_escaped(value)}\n" for key, value in (said | settings.further).items())
    configuration.write_text("".join(lines), encoding="utf-8")
    begun = time.monotonic()
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            [
                *("java", *settings.java, f"-Dedc.fs.config={configuration}"),
                *("-cp", path, MAIN, *(["--log-level=debug"] if settings.debug else [])),
            ],
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGKILL),
        )
    try:
        _wait(process, log)
        yield Edc(settings.participant, ports, log, process.pid, time.monotonic() - begun)
    finally:
        end_group(process)


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if _READY.search(log.read_text(encoding="utf-8")):
            return
        time.sleep(POLL_SECONDS)
    said = log.read_text(encoding="utf-8")[-4000:]
    raise AssertionError(
        f"EDC did not start (exit code {process.poll()}); its log ends:\n{said}"
    )


def _properties(settings: Settings, ports: Mapping[str, int]) -> dict[str, str]:
    private, public = _token_keys()
    said = {
        "edc.participant.id": settings.participant,
        "edc.hostname": "127.0.0.1",
        "edc.dsp.callback.address": f"http://127.0.0.1:{ports['protocol']}{_DOORS['protocol']}",
        "web.http.management.auth.type": "tokenbased",
        "web.http.management.auth.key": API_KEY,
        "edc.policy.validation.enabled": "false",
        "edc.transfer.proxy.token.signer.privatekey.alias": "private-key",
        "edc.transfer.proxy.token.verifier.publickey.alias": "public-key",
        "saltbridge.vault.private-key": private,
        "saltbridge.vault.public-key": public,
        "saltbridge.vocabulary": CX_CONTEXT,
        "edc.jsonld.document.cx.url": CX_CONTEXT,
    }
    for name, path in _DOORS.items():
        context = f"web.http.{name}" if name else "web.http"
        said |= {f"{context}.port": str(ports[name]), f"{context}.path": path}
    if settings.sleep_ms is not None:
        said |= dict.fromkeys(SLEEPS, str(settings.sleep_ms))
    return said


def _vocabulary() -> dict[str, Any]:
    """A context for the words of Catena-X policies, which EDC would otherwise fetch."""
    base = DSP_2025_1.policy_profile
    words = ("access", *(name for name in OPERANDS))
    return {"cx-policy": base, **{word: {"@id": f"cx-policy:{word}"} for word in words}}


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def _token_keys() -> tuple[str, str]:
    """A key pair for the tokens of the data plane, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def resident_mb(edc: Edc) -> float:
    """Resident memory of the connector [MB], as the kernel counts it."""
    status = Path(f"/proc/{edc.pid}/statm").read_text(encoding="ascii").split()
    return int(status[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
