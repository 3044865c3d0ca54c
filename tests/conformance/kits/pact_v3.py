"""PACT 3: the 40 cases of the conformance service, written anew, at a node in one process."""

from pathlib import Path
from typing import Final

from tests.conformance.pact_cases import VERSION, a_host, cases
from tests.conformance.registry import Kit
from tests.conformance.result import Case, KitResult, Outcome
from tests.conftest import ROOT

NAME: Final = "PACT cases (own tests)"


def run(build: Path) -> KitResult:
    """Every case at a host of its own."""
    results = []
    for id, case in cases():
        try:
            case(a_host(ROOT / "examples"))
        except AssertionError as fault:
            results.append(Case(id, Outcome.FAILED, str(fault)[:300] or "an assertion failed"))
        else:
            results.append(Case(id, Outcome.PASSED))
    return KitResult(NAME, VERSION, tuple(results))


KIT = Kit(NAME, VERSION, run)
