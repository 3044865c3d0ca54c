"""Loops compiled by numba where it is installed (extra ``fast``); else nothing is compiled.

The compiled loops (``kernels``) and their numpy counterparts do the same operations in the
same order, so draws are the same bit for bit with and without numba. Numba keeps what it
compiled beside the source, as Python does with its byte code.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

Loop = TypeVar("Loop", bound=Callable[..., Any])

AVAILABLE = find_spec("numba") is not None


def loop(function: Loop) -> Loop:
    """The function compiled on its first call, without fast-math: no reordering, no fusing.

    A division by zero gives infinity or no number, as in numpy.
    """
    return _compiled(function, parallel=False)


def parallel_loop(function: Loop) -> Loop:
    """As ``loop``; what runs over ``prange`` is shared between threads."""
    return _compiled(function, parallel=True)


def _compiled(function: Loop, parallel: bool) -> Loop:
    if find_spec("numba") is None:
        return function
    numba: Any = import_module("numba")
    made: Loop = numba.njit(cache=True, parallel=parallel, fastmath=False, error_model="numpy")(
        function
    )
    return made


def parallel_range() -> Any:
    """``numba.prange``, or ``range`` where numba is absent."""
    return range if find_spec("numba") is None else import_module("numba").prange
