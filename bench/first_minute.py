"""How long the first minute takes: `saltbridge --help`, the demo, and clone to finished demo.

Every figure stands beside a floor taken in the same run, in turn (A B A B …), as medians and
as a ratio. Run with ``make bench``; ``ARGS=--clone`` adds the fresh clone.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMPORTS = [
    sys.executable,
    "-c",
    "import numpy, scipy.sparse, sqlalchemy, alembic, cryptography",
]


def seconds(command: list[str], cwd: Path | None = None) -> float:
    """Wall-clock seconds of one command; it must succeed."""
    started = time.perf_counter()
    subprocess.run(
        command, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return time.perf_counter() - started


def in_turn(first: list[str], second: list[str], runs: int) -> tuple[list[float], list[float]]:
    """Both commands in turn, after one warm-up of each."""
    seconds(first)
    seconds(second)
    pairs = [(seconds(first), seconds(second)) for _ in range(runs)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def show(what: str, times: list[float], floor: str, floor_times: list[float]) -> None:
    ratio = statistics.median(a / b for a, b in zip(times, floor_times, strict=True))
    print(
        f"{what:<42} median {statistics.median(times):7.3f} s"
        f"   ({min(times):.3f} to {max(times):.3f}, {len(times)} runs)\n"
        f"{'  ' + floor:<42} median {statistics.median(floor_times):7.3f} s   ratio {ratio:.1f}"
    )


def clone_to_demo(python: str) -> None:
    """A new clone, a new virtual environment, the pinned files, the demo."""
    with tempfile.TemporaryDirectory(prefix="saltbridge-bench-") as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        whole = seconds(["make", "demo", "ARGS=--once", f"PYTHON={python}"], clone)
        again = seconds(["make", "demo", "ARGS=--once"], clone)
        bare = Path(folder) / "bare"
        started = time.perf_counter()
        seconds([python, "-m", "venv", str(bare)])
        requirements = str(clone / "requirements" / "run.txt")
        seconds(
            [str(bare / "bin" / "pip"), "install", "-q", "--require-hashes", "-r", requirements]
        )
        floor = time.perf_counter() - started
        shutil.rmtree(bare)
    print(f"{'fresh clone to finished demo':<42} once   {whole:7.1f} s")
    print(
        f"{'  bare venv and pip install':<42} once   {floor:7.1f} s   ratio {whole / floor:.1f}"
    )
    print(f"{'make demo again in that clone':<42} once   {again:7.1f} s")


def demo(runs: int) -> None:
    """The demo, beside as many bare processes that only import what its commands import."""
    with tempfile.TemporaryDirectory(prefix="saltbridge-bench-") as folder:
        out = Path(folder) / "out.json"
        command = [sys.executable, "-m", "saltbridge", "demo", "--once", "--json", str(out)]
        seconds(command)
        started = json.loads(out.read_text(encoding="utf-8"))["commands"]
        loop = f"import subprocess, sys\nfor _ in range({started}): subprocess.run({IMPORTS!r})"
        floor = [sys.executable, "-c", loop]
        times, floor_times = in_turn(command, floor, runs)
    show(
        f"saltbridge demo --once ({started} commands)",
        times,
        "as many bare imports",
        floor_times,
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{'largest single process of the demo':<42} peak   {peak:7.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clone", action="store_true", help="also a fresh clone")
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    base_python = getattr(sys, "_base_executable", sys.executable)
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}")
    listed, bare = (
        [sys.executable, "-m", "saltbridge", "--help"],
        [sys.executable, "-c", "pass"],
    )
    times, floor_times = in_turn(listed, bare, chosen.runs)
    show("saltbridge --help", times, "bare python start", floor_times)
    demo(max(2, chosen.runs // 2))
    if chosen.clone:
        clone_to_demo(base_python)


if __name__ == "__main__":
    main()
