"""What moved between two footprints of one inventory: lines and holes, row by row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import fsum

from saltbridge.footprint.bridge_result import Change, HoleMove, LineMove, Row, Span
from saltbridge.footprint.result import CarbonFootprint

_NOISE = 1e-12  # relative: two solutions of systems of another size differ in the last digits


@dataclass(frozen=True)
class Picture:
    """A footprint as the bridge compares it: total, range, lines and holes by row."""

    footprint: CarbonFootprint
    lines: Mapping[Row, float]
    holes: Mapping[Row, Span]

    @property
    def total(self) -> float:
        return self.footprint.total_kg_co2e

    @cached_property
    def bare_lines(self) -> Mapping[Row, Row]:
        """Every row with a line, and the same without its term, as holes are named."""
        return {row: replace(row, term="") for row in self.lines}

    @cached_property
    def with_line(self) -> frozenset[Row]:
        return frozenset(self.bare_lines.values())


def picture_of(footprint: CarbonFootprint) -> Picture:
    lines: dict[Row, list[float]] = {}
    for c in footprint.contributions:
        row = Row(stage=c.stage, process=c.process, flow=c.flow, place=c.place, term=c.term)
        lines.setdefault(row, []).append(c.kg_co2e)
    holes: dict[Row, list[tuple[float | None, float | None, str]]] = {}
    for h in footprint.holes:
        row = Row(stage=h.stage, process=h.process, flow=h.flow, place=h.place)
        holes.setdefault(row, []).append((h.low_kg_co2e, h.high_kg_co2e, h.reason.value))
    return Picture(
        footprint,
        {row: fsum(parts) for row, parts in lines.items()},
        {
            row: Span(
                low=_sum([low for low, _, _ in parts]),
                high=_sum([high for _, high, _ in parts]),
                reasons=tuple(dict.fromkeys(reason for _, _, reason in parts)),
            )
            for row, parts in holes.items()
        },
    )


def _sum(parts: Sequence[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return fsum(known) if len(known) == len(parts) else None


def _same(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= _NOISE * max(abs(a), abs(b))


def differences(
    before: Picture, after: Picture
) -> Iterator[tuple[Row, float | None, float | None]]:
    """The rows whose line differs, with both lines [kg CO2e]; None where there is none."""
    for row in dict.fromkeys((*before.lines, *after.lines)):
        old, new = before.lines.get(row), after.lines.get(row)
        if not _same(old, new):
            yield row, old, new


def moved_lines(before: Picture, after: Picture) -> tuple[LineMove, ...]:
    """The lines that moved, the largest first."""
    found: list[LineMove] = []
    for row, old, new in differences(before, after):
        bare = (before if old is not None else after).bare_lines[row]
        if old is not None and new is not None:
            change = Change.CHANGED
        elif old is not None:
            opened = bare in after.holes and bare not in before.holes
            change = Change.BECAME_HOLE if opened else Change.LEFT
        else:
            closed = bare in before.holes and bare not in after.holes
            change = Change.PRICED if closed else Change.ENTERED
        delta = (new or 0.0) - (old or 0.0)
        found.append(
            LineMove(
                row=row,
                change=change,
                before_kg_co2e=old,
                after_kg_co2e=new,
                delta_kg_co2e=delta,
            )
        )
    return tuple(sorted(found, key=lambda line: -abs(line.delta_kg_co2e)))


def moved_holes(before: Picture, after: Picture) -> tuple[HoleMove, ...]:
    """The holes that came, went or changed their range, in the order of the inventory."""
    found: list[HoleMove] = []
    for row in dict.fromkeys((*before.holes, *after.holes)):
        old, new = before.holes.get(row), after.holes.get(row)
        if old is not None and new is not None:
            same = old.reasons == new.reasons
            if same and _same(old.low, new.low) and _same(old.high, new.high):
                continue
            change = Change.CHANGED
        elif new is not None:
            opened = row in before.with_line and row not in after.with_line
            change = Change.BECAME_HOLE if opened else Change.ENTERED
        else:
            closed = row in after.with_line and row not in before.with_line
            change = Change.PRICED if closed else Change.LEFT
        found.append(HoleMove(row=row, change=change, before=old, after=new))
    return tuple(found)
