"""How many examples a property is tried on: all in a full run, some in the quick one."""

_run = {"full": False}


def this_run_is(full: bool) -> None:
    """Said once, before tests are collected (``conftest``)."""
    _run["full"] = full


def is_full() -> bool:
    """Whether this is a full run."""
    return _run["full"]


def examples(whole: int) -> int:
    """A tenth of the examples, at least 10, unless the run is ``--full``."""
    return whole if _run["full"] else min(whole, max(10, whole // 10))
