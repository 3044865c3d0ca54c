"""The uncertainty of the backgrounds behind a footprint: their stored draws, or a remark."""

from collections.abc import Sequence
from dataclasses import dataclass

from saltbridge.core.finding import Finding, Severity, finding
from saltbridge.footprint.background.sampled import SampledBackground, factors_in
from saltbridge.footprint.linear_model import LinearModel
from saltbridge.footprint.model_samples import DrawnFactors
from saltbridge.ports import FactorLibrary


@dataclass(frozen=True)
class UsedBackground:
    """Draws of one background, and those of its factors that a model takes."""

    sampled: SampledBackground
    drawn: DrawnFactors


def background_spread(
    library: FactorLibrary, model: LinearModel, sets: Sequence[str], draws: int
) -> tuple[tuple[UsedBackground, ...], tuple[Finding, ...]]:
    """The stored draws that a model takes, and which backgrounds count as certain, and why.

    Raises:
        Unavailable: stored draws are damaged.
    """
    used: list[UsedBackground] = []
    said: list[Finding] = []
    for name in dict.fromkeys(sets):
        spread = library.background_spread(name)
        if spread is None:
            continue  # no background: its factors have ranges of their own, or none
        numbers = factors_in(model, library.factor_set(name))
        if not numbers:
            continue
        drawn = None if spread.draws is None else spread.draws.of(numbers)
        if not spread.known:
            said.append(_note("background-without-spread", name, len(numbers)))
        elif spread.draws is None or drawn is None:
            said.append(_note("background-certain", name, len(numbers)))
        else:
            used.append(UsedBackground(spread.draws, drawn))
            left = len(numbers) - len(drawn.numbers)
            if left:
                said.append(_note("background-partly", name, left))
            if draws > spread.draws.samples:
                kept = spread.draws.samples
                said.append(_note("background-repeats", name, kept, draws=draws))
    return tuple(used), tuple(said)


def _note(code: str, name: str, count: int, draws: int = 0) -> Finding:
    return finding(
        f"analysis.{code}", severity=Severity.NOTE, background=name, count=count, draws=draws
    )
