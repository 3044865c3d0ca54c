"""The accounting engine beside bw2calc 3.1 and bw_graph_tools: times, memory, equal results.

Both sides calculate the same matrices with the same distributions in the same run, each in a
process of its own: a synthetic background of 20,000 processes under a foreground of 200, and
the real matrix of the carculator-utils wheel with a battery pack in front. Each figure stands
beside the peer's, with the ratio, the target of the large system, and how far the results lie
apart. Times are medians; a Monte Carlo of the peers is as short as a median allows. ``make
bench-accounting`` runs it. ``--small`` checks in a minute or two that it still runs and that
results agree, and judges no time; ``--cpu`` takes processor time, of all threads together,
which a busy machine does not lengthen as it does the time on the wall.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import accounting_case
import numpy as np
from accounting_agreement import Agreement, agreements
from accounting_table import Measured, print_table
from accounting_timing import CLOCK

HERE = Path(__file__).parent
# What is called how often; of the engine, then of the peers.
OURS = {
    "unit_footprints": 15, "cached": 7, "score": 2_000, "paths_prepared": 5, "paths": 50,
    "drawn": 15, "gradients": 200, "foreground_draws": 5, "background_prepared": 3,
    "background_draws": 3, "reused": 5, "draws": 100_000, "draws_of_all": 1_000,
}  # fmt: skip
PEERS = {
    "adjoint": 5,
    "score": 50,
    "paths": 1,
    "foreground_draws": 300,
    "background_draws": 100,
}
SMALL = {"draws": 5_000, "draws_of_all": 200}


def side(script: str, folder: Path, repetitions: dict[str, int], cache: Path) -> dict[str, Any]:
    """Run one side; its figures. Its results lie in the folder as arrays."""
    program = str(HERE / f"accounting_{script}.py")
    subprocess.run(
        [sys.executable, program, str(folder), json.dumps(repetitions)],
        check=True,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
    )
    figures: dict[str, Any] = json.loads((folder / f"{script}.json").read_text("utf-8"))
    return figures


def measured(case: accounting_case.Case, name: str, small: bool, cache: Path) -> bool:
    """Measure one case on both sides and print it; whether all that is judged holds."""
    repetitions = OURS | SMALL if small else OURS
    peer_repetitions = PEERS | ({"paths": 5} if case.size < 5_000 else {})
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        accounting_case.save(case, folder / "case.npz")
        peers = side("peers", folder, peer_repetitions, cache)
        ours = side("ours", folder, repetitions, cache)
        with np.load(folder / "ours.npz") as a, np.load(folder / "peers.npz") as b:
            found: dict[str, Agreement] = agreements(dict(a), dict(b))
    print(
        f"\n{name}: {case.size:,} × {case.size:,}, {case.technosphere.nnz:,} entries, "
        f"{case.biosphere.nnz:,} emissions;\nforeground of {len(case.foreground)} processes, "
        f"{ours['exchanges']:,} exchanges, {ours['interfaces']} products bought in, "
        f"loops cut at {ours['loops_cut']} products"
    )
    cpu = os.environ.get(CLOCK) == "cpu"
    compared = Measured(ours, peers, repetitions, peer_repetitions, found, small, cpu)
    return print_table(compared, judged=name == "synthetic" and not small)


def compile_seconds(cache: Path) -> float:
    """Time that numba takes to compile every loop, into an empty folder [s]."""
    program = (
        "import accounting_ours as o, accounting_timing as t; print(t.timed(o.warm, 1)[0])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        text=True,
        capture_output=True,
        cwd=HERE,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
    )
    return float(ran.stdout)


def main() -> int:
    """Print the tables; 1 if results differ, or a target of the large system is missed."""
    asked = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    asked.add_argument("--small", action="store_true", help="300 processes, few draws")
    asked.add_argument("--cpu", action="store_true", help="processor time of all threads")
    asked.add_argument("--only", choices=("synthetic", "carculator"), help="one system alone")
    given = asked.parse_args()
    if given.cpu:
        os.environ[CLOCK] = "cpu"
    with tempfile.TemporaryDirectory() as scratch:
        cache = Path(scratch)
        print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
            f"{'processor time' if given.cpu else 'time on the wall'}, medians"
        )
        print(
            f"every loop compiled by numba, once per machine: {compile_seconds(cache):.0f} s;"
            " all times below are warm"
        )
        holds = True
        if given.only != "carculator":
            sizes = (300, 20) if given.small else (20_000, 200)
            case = accounting_case.synthetic(*sizes)
            holds &= measured(case, "synthetic", given.small, cache)
        if given.only != "synthetic":
            case = accounting_case.carculator()
            holds &= measured(case, "carculator-utils", given.small, cache)
        print(f"\nload at the end {os.getloadavg()[0]:.1f}")
    return int(not holds)


if __name__ == "__main__":
    raise SystemExit(main())
