"""The table that the accounting bench prints."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from accounting_agreement import Agreement

MOST_MIB = 600


@dataclass(frozen=True)
class Row:
    """One measurement: what, beside which of the peers', and what the large system owes."""

    name: str
    words: str
    peer: str = ""
    ratio: float | None = None  # the peer's time by ours, at least; for one draw
    most_ms: float | None = None  # of one call, at most
    draws: str = ""  # the repetition that says how many draws one call makes


ROWS = (
    Row("unit_footprints", "unit footprints, all products", "unit_footprints", 40),
    Row("cached", "  again, from the cache"),
    Row("score", "score for a new demand", "score", 300),
    Row("paths", "paths and bands at 0.1 %", "paths", 1000, 10),
    Row("drawn", "  walked and drawn as SVG", most_ms=10),
    Row("paths_prepared", "  the chain prepared, once"),
    Row("gradients", "gradients by all exchanges", most_ms=2),
    Row("foreground_draws", "foreground", "foreground_draws", 400, 2_000, "draws"),
    Row("background_draws", "everything", "background_draws", 20, 5_000, "draws_of_all"),
    Row("background_prepared", "  the background prepared, once"),
    Row("reused", "  stored, under a foreground", draws="draws_of_all"),
)
TIMES = {"unit_footprints": "adjoint"}  # repetitions of the peers that have another name


@dataclass(frozen=True)
class Measured:
    """Figures and repetitions of both sides, and how their results compare."""

    ours: dict[str, Any]
    peers: dict[str, Any]
    repetitions: dict[str, int]
    peer_repetitions: dict[str, int]
    agreements: dict[str, Agreement]
    small: bool  # nothing is owed by a small system
    cpu: bool  # processor time: draws run on all cores, so a limit says nothing of it


def print_table(measured: Measured, judged: bool) -> bool:
    """Print one case; whether results agree and, where ``judged``, all targets are met."""
    ours, peers = measured.ours, measured.peers
    versions = peers["versions"]
    print(
        f"bw2calc {versions['bw2calc']} ({peers['solver']}), bw_graph_tools "
        f"{versions['bw_graph_tools']}; ours: {ours['method']}, {ours['sweeps']} sweeps, "
        f"error below {ours['forward_error']:.0e}"
    )
    print(_line("", "peer", "runs", "ours", "runs", "ratio", "target", ""))
    met = []
    for row in ROWS:
        if row.name in ours:
            for line, holds in _lines(row, measured):
                print(line)
                met.append(holds)
    memory = ours["peak_mib"]
    met.append(memory <= MOST_MIB)
    peak = f"{peers['peak_mib']:.0f} MiB", "", f"{memory:.0f} MiB", ""
    print(_line("peak memory", *peak, "", *_verdict(f"≤ {MOST_MIB} MiB", met[-1], measured)))
    print("The same results?")
    for name, agreement in measured.agreements.items():
        print(f"  {name:<18}{'yes' if agreement.holds else 'NO':<5}{agreement.words}")
    return all(a.holds for a in measured.agreements.values()) and (all(met) or not judged)


def _lines(row: Row, measured: Measured) -> Iterator[tuple[str, bool]]:
    """The line of a call, and where it has a peer or draws, the line of a ratio."""
    took, times = measured.ours[row.name], measured.repetitions[row.name]
    draws = measured.repetitions[row.draws] if row.draws else 1
    words = f"{draws:,} draws of {row.words}" if row.draws and row.peer else row.words
    owed = None if row.draws and measured.cpu else row.most_ms
    within = owed is None or took * 1000 <= owed
    if row.most_ms or not row.peer:
        limit = f"≤ {owed:g} ms" if owed else ""
        verdict = _verdict(limit, within, measured)
        yield _line(words, "", "", time(took), times, "", *verdict), within
        words = "  each draw" if row.draws else "  beside its peer"
    if row.peer:
        theirs = measured.peers[row.peer]
        runs = measured.peer_repetitions[TIMES.get(row.peer, row.peer)]
        ratio = theirs * draws / took
        enough = row.ratio is None or ratio >= row.ratio
        cells = time(theirs), runs, time(took / draws), times * draws, f"{ratio:,.0f} ×"
        yield _line(words, *cells, *_verdict(f"≥ {row.ratio:g} ×", enough, measured)), enough


def _line(words: str, *cells: object) -> str:
    widths = (10, 6, 10, 9, 9, 11)
    *numbers, verdict = cells
    shown = "".join(
        f"{c if not isinstance(c, int) else format(c, ','):>{w}}"
        for c, w in zip(numbers, widths, strict=True)
    )
    return f"{words:<34}{shown}  {verdict}".rstrip()


def _verdict(target: str, met: bool, measured: Measured) -> tuple[str, str]:
    if measured.small or not target:
        return "", ""
    return target, "met" if met else "MISSED"


def time(seconds: float) -> str:
    """A time with three digits and its unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
