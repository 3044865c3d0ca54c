"""The recorded cases of the Tractus-X registry of digital twins, at ours."""

from pathlib import Path
from typing import Final

from tests.conformance import registry_cases
from tests.conformance.registry import Kit
from tests.conformance.registry_node import empty_registry
from tests.conformance.result import Case, KitResult, Outcome, not_run
from tests.conftest import shared_folder

NAME: Final = "Digital twin registry cases"
EXPECTED: Final = 38


def run(build: Path) -> KitResult:
    """Every recorded case, each with an empty registry."""
    folder = shared_folder()
    recorded = registry_cases.recorded(folder / "standards") if folder else []
    if not recorded:
        reason = "the standards are not beside the checkout"
        return not_run(NAME, registry_cases.VERSION, ("*",), reason)
    cases = []
    for case in recorded:
        faults = registry_cases.run(case, empty_registry(build))
        outcome = Outcome.FAILED if faults else Outcome.PASSED
        cases.append(Case(case.name, outcome, "; ".join(faults)[:500]))
    if len(cases) != EXPECTED:
        reason = f"{len(cases)} of {EXPECTED} recorded cases are here"
        cases.append(Case("all cases", Outcome.FAILED, reason))
    return KitResult(NAME, registry_cases.VERSION, tuple(cases))


KIT = Kit(NAME, registry_cases.VERSION, run)
