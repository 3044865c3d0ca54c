"""The cases of the DSP TCK walked by a peer of our own, in this process, without Java."""

from pathlib import Path

from tests.conformance.dsp.cases import IDS
from tests.conformance.dsp.peer import play
from tests.conformance.registry import Kit
from tests.conformance.result import Case, KitResult, Outcome

NAME, VERSION = "DSP cases, our own peer", "after TCK 1.0.1"


def run(build: Path) -> KitResult:
    """Every case, those that the kit disables too."""
    return KitResult(NAME, VERSION, tuple(map(_case, IDS)))


def _case(id: str) -> Case:
    try:
        play(id)
    except AssertionError as strayed:
        return Case(id, Outcome.FAILED, str(strayed))
    return Case(id, Outcome.PASSED)


KIT = Kit(NAME, VERSION, run)
