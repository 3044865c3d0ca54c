"""The Decentralized Claims Protocol's kit, as it is: its four packages, one for each part.

Each of its packages plays the other parts itself, so that it is started once for each, every
time against a node of its own.
"""

import re
import subprocess
from pathlib import Path
from typing import Final

from tests.conformance.dcp import cases, issuer, node
from tests.conformance.maven import Jars, NotHere, jars
from tests.conformance.registry import Kit
from tests.conformance.result import Case, KitResult, Outcome, not_run

GROUP, ARTIFACT, VERSION = "org.eclipse.dataspacetck.dcp", "dcp-tck", "1.0.2"
MAIN: Final = "org.eclipse.dataspacetck.dcp.suite.DcpTckSuite"
NAME: Final = "DCP TCK"
KIT_SECONDS: Final = 300
_ENDED = re.compile(r"\] (SUCCESSFUL|FAILED|ABORTED): ([^\n]+?)\s*$", re.MULTILINE)
_DISABLED: Final = "disabled in the kit: not implemented yet"


def run(build: Path) -> KitResult:
    """All cases of the four packages, over loopback."""
    try:
        found = jars(GROUP, ARTIFACT, VERSION, build)
    except NotHere as reason:
        return not_run(NAME, VERSION, every_case(), str(reason))
    results: list[Case] = []
    for role in cases.PACKAGES:
        folder = build / role.replace(" ", "-")
        folder.mkdir(exist_ok=True)
        part = issuer if role == "issuer" else node
        with part.served(folder) as served:
            settings = folder / "tck.properties"
            settings.write_text(properties(role, served), encoding="utf-8")
            said = _kit(found, settings, folder / "kit.log")
        results += read(said, role)
    return KitResult(NAME, f"{VERSION} ({found.origin})", (*results, *_disabled()))


def properties(role: str, served: node.Served) -> str:
    """The settings of the kit for one package."""
    ours = role if role in ("verifier", "issuer") else "holder"
    told = {
        "dataspacetck.test.package": cases.PACKAGES[role],
        "dataspacetck.callback.address": served.callback,
        "dataspacetck.host": "127.0.0.1",
        "dataspacetck.port": served.callback.rpartition(":")[2],
        f"dataspacetck.did.{ours}": served.did,
        "dataspacetck.vpp.trigger.endpoint": f"{served.base_url}/tck/trigger",
        "dataspacetck.credentials.correlation.id": node.HOLDER_PID,
    }
    if ours == "holder":
        told["dataspacetck.sts.url"] = f"{served.base_url}/tck/sts"
        told["dataspacetck.sts.client.id"], told["dataspacetck.sts.client.secret"] = node.CLIENT
    return "".join(f"{name}={value}\n" for name, value in told.items())


def read(said: str, role: str) -> list[Case]:
    """What the kit said of one package, as cases."""
    ended = {name: status for status, name in _ENDED.findall(said)}
    return [_case(role, name, ended.get(name), said) for name in cases.CASES[role]]


def every_case() -> list[str]:
    """The names of all cases, those disabled too."""
    named = [f"{role}: {name}" for role, listed in cases.CASES.items() for name in listed]
    return named + [case.id for case in _disabled()]


def _case(role: str, name: str, status: str | None, said: str) -> Case:
    id = f"{role}: {name}"
    if status == "SUCCESSFUL":
        return Case(id, Outcome.PASSED)
    why = re.search(rf"^- {re.escape(name)} \((.*)", said, re.MULTILINE)
    return Case(id, Outcome.FAILED, why[1][:200] if why else "the kit did not say how it ended")


def _disabled() -> list[Case]:
    return [
        Case(f"credential service: {name}", Outcome.NOT_RUN, _DISABLED)
        for name in cases.DISABLED
    ]


def _kit(found: Jars, settings: Path, log: Path) -> str:
    with log.open("w", encoding="utf-8") as file:
        subprocess.run(
            ["java", "-cp", found.class_path, MAIN, "-config", str(settings)],
            stdout=file,
            stderr=subprocess.STDOUT,
            timeout=KIT_SECONDS,
            check=False,
        )
    return log.read_text(encoding="utf-8")


KIT = Kit(NAME, VERSION, run)
