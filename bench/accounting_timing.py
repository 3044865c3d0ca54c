"""How the accounting bench takes time and memory."""

import resource
import time
from collections.abc import Callable
from statistics import median
from typing import Any


def timed(do: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Median time of ``repeats`` calls [s], and what the last one returned."""
    times, found = [], None
    for _ in range(repeats):
        begun = time.perf_counter()
        found = do()
        times.append(time.perf_counter() - begun)
    return median(times), found


def peak_mib() -> float:
    """Largest resident memory of this process so far [MiB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
