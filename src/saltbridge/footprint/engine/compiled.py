"""Loops compiled by numba where it is installed (extra ``fast``); else nothing is compiled.

The compiled loops and their numpy counterparts do the same operations in the same order, so
draws are the same bit for bit with and without numba. Numba keeps what it compiled beside
the source, as Python does with its byte code.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

Loop = TypeVar("Loop", bound=Callable[..., Any])

AVAILABLE = find_spec("numba") is not None
THREADS = 2  # blocks are split over this many threads; the results do not depend on it


def compile_loop(loop: Loop, parallel: bool = False) -> Loop:
    """The loop compiled on its first call. Without fast-math: no reordering, no fusing.

    Raises:
        ModuleNotFoundError: numba is not installed; ask ``AVAILABLE`` first.
    """
    numba: Any = import_module("numba")
    compiled: Loop = numba.njit(cache=True, parallel=parallel, fastmath=False)(loop)
    return compiled
