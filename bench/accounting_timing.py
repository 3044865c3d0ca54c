"""How the accounting bench takes time and memory."""

import os
import resource
import time
from collections.abc import Callable
from statistics import median
from typing import Any

CLOCK = "ACCOUNTING_CLOCK"  # "cpu" for the processor time of all threads of this process


def timed(do: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median time of ``repeats`` calls [s], and what the last one returned."""
    clock = time.process_time if os.environ.get(CLOCK) == "cpu" else time.perf_counter
    times, found = [], None
    for _ in range(repeats):
        begun = clock()
        found = do()
        times.append(clock() - begun)
    return median(times), found


def peak_mib() -> float:
    """Largest resident memory of this process so far [MiB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
