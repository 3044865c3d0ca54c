"""CX-0152: the samples of the standard, each as its own schema has it."""

from pathlib import Path
from typing import Final

from tests.conformance import policy_cases
from tests.conformance.registry import Kit
from tests.conformance.result import Case, KitResult, Outcome, not_run
from tests.conftest import shared_folder

NAME: Final = "CX-0152 policies"


def run(build: Path) -> KitResult:
    """Every sample and example; nothing is built or logged."""
    folder = shared_folder()
    found = list(policy_cases.cases(folder / "standards")) if folder else []
    if not found:
        reason = "the standards are not beside the checkout"
        return not_run(NAME, policy_cases.VERSION, ("*",), reason)
    cases = tuple(
        Case(one.id, Outcome.PASSED if one.passed else Outcome.FAILED, one.reason)
        for one in found
    )
    notes = tuple(one.note for one in found if one.note)
    return KitResult(NAME, policy_cases.VERSION, cases, notes=notes)


KIT = Kit(NAME, policy_cases.VERSION, run)
