"""The Dataspace Protocol's Technology Compatibility Kit, run as it is against a served node."""

import json
import re
import subprocess
from pathlib import Path
from typing import Final

from tests.conformance.dsp import cases, node
from tests.conformance.maven import Jars, NotHere, jars
from tests.conformance.registry import Kit
from tests.conformance.result import Case, KitResult, Outcome, not_run

GROUP, ARTIFACT, VERSION = "org.eclipse.dataspacetck.dsp", "dsp-tck", "1.0.1"
MAIN: Final = "org.eclipse.dataspacetck.dsp.suite.DspTckSuite"
NAME: Final = "DSP TCK"
KIT_SECONDS: Final = 900
WAIT_SECONDS: Final = 15  # the kit's own default
# Disabled in the kit itself (@Disabled on the test).
DISABLED: Final = dict.fromkeys(
    ("TP:02-04", "TP_C:02-04"), "disabled in the kit: suspended and started again"
)
_ENDED = re.compile(r"\] (SUCCESSFUL|FAILED|ABORTED): ([A-Z_]+:\d\d-\d\d)")
_WHY = re.compile(r"\] +\[([A-Z_]+:\d\d-\d\d):[^\n]*\]\n\[[^\]]+\] +([^\n]*)")


def run(build: Path) -> KitResult:
    """All cases against a node of this process, over loopback."""
    try:
        found = jars(GROUP, ARTIFACT, VERSION, build)
    except NotHere as reason:
        return not_run(NAME, VERSION, cases.IDS, str(reason))
    # The kit knows the contexts of the protocol; the one of our policies has to be named to it.
    context = build / "cx-policy.jsonld"
    vocabulary = {"@context": {"cx-policy": cases.CX_POLICY.rpartition("/")[0] + "/"}}
    context.write_text(json.dumps(vocabulary), encoding="utf-8")
    with node.served(build) as served:
        settings = build / "tck.properties"
        settings.write_text(
            cases.properties(
                base_url=served.base_url,
                authorization=node.AUTHORIZATION,
                callback=served.callback,
                context_file=str(context),
                wait_seconds=WAIT_SECONDS,
            ),
            encoding="utf-8",
        )
        said = _kit(found, settings, build / "kit.log")
    return read(said, f"{VERSION} ({found.origin})")


def read(said: str, version: str) -> KitResult:
    """What the kit said, as cases."""
    ended = {id: status for status, id in _ENDED.findall(said)}
    why = dict(_WHY.findall(said))
    return KitResult(
        NAME, version, tuple(_case(id, ended.get(id), why.get(id, "")) for id in cases.IDS)
    )


def _case(id: str, status: str | None, why: str) -> Case:
    if status == "SUCCESSFUL":
        return Case(id, Outcome.PASSED)
    if status is None and id in DISABLED:
        return Case(id, Outcome.NOT_RUN, DISABLED[id])
    return Case(id, Outcome.FAILED, why or "the kit did not say how it ended")


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
