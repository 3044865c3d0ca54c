"""Processes that end with the one that started them, whatever ended it."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Final

_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def ends_with_parent(
    how: signal.Signals = signal.SIGKILL, *, parent: int = 0
) -> Callable[[], None]:
    """A ``preexec_fn``: the process gets this signal as soon as its parent is gone.

    A child of the child asks for itself; elsewhere than on Linux nothing is asked. ``parent``
    is the process that is to be there, the calling one without it.
    """
    due = parent or os.getpid()
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def before_exec() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(how))
            if os.getppid() != due:  # it went in between, and will send no signal
                os._exit(1)

    return before_exec
