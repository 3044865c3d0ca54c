"""The log tells what happened, and by make nothing that was said."""

import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest

from saltbridge.adapters import logs
from saltbridge.core.errors import Unavailable

SECRET = "SECRET-5f3a"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """The log of a process, put back afterwards as it was."""
    root = logging.getLogger()
    named = [logging.getLogger(n) for n in ("saltbridge", "uvicorn", "uvicorn.error")]
    before = (root.handlers[:], root.level, [(n, n.level, n.handlers[:]) for n in named])
    written = io.StringIO()
    yield written
    logging.captureWarnings(False)
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for logger, level, handlers in before[2]:
        logger.setLevel(level)
        logger.handlers[:] = handlers


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_an_object_of_listed_fields(stream: io.StringIO) -> None:
    logs.configure({}, stream)
    logging.getLogger("saltbridge.x").info(
        "request", extra={"event": "request", "status": 200, "seconds": 0.5}
    )
    (line,) = lines(stream)
    assert line.pop("time")
    assert line == {
        "level": "info", "logger": "saltbridge.x", "message": "request",
        "event": "request", "status": 200, "seconds": 0.5,
    }  # fmt: skip


def test_nothing_else_is_written(stream: io.StringIO) -> None:
    logs.configure({}, stream)
    log = logging.getLogger("saltbridge.x")
    log.info("told %s", SECRET, extra={"token": SECRET, "authorization": SECRET})
    log.info("mapping %(a)s", {"a": SECRET})
    log.info(ValueError(SECRET))
    log.info("object", extra={"person": [SECRET], "partner": {"x": SECRET}})
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as cause:
            raise Unavailable.of("http.unreachable", url=SECRET) from cause
    except Unavailable:
        log.exception("failed: %s", SECRET)
    logging.getLogger("uvicorn.error").error("Exception in %s", SECRET, stack_info=True)
    logging.getLogger("some.library").warning(f"token {SECRET}")
    warnings.warn(SECRET, stacklevel=1)
    assert SECRET not in stream.getvalue()
    found = lines(stream)
    assert len(found) == 8
    error = found[4]["error"]
    assert error["type"] == "Unavailable"  # type: ignore[index]
    assert error["codes"] == ["http.unreachable"]  # type: ignore[index]
    assert error["cause"] == {"type": "KeyError"}  # type: ignore[index]
    assert "test_logs.py" in error["at"][0]  # type: ignore[index]


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_value_cannot_look_like_another_line(stream: io.StringIO, form: str) -> None:
    logs.configure({"log_format": form}, stream)
    logging.getLogger("saltbridge").warning(
        "request", extra={"route": '/x\n{"level":"error"}\r\u2028\x1b[2J' + "a" * 9999}
    )
    text = stream.getvalue()
    assert len(text.splitlines()) == 1 and "\x1b" not in text and len(text) < 1000


def test_the_level_is_the_one_that_was_chosen(stream: io.StringIO) -> None:
    logs.configure({"log_level": "warning", "log_format": "text"}, stream)
    logging.getLogger("saltbridge.requests").info("request")
    logging.getLogger("saltbridge.requests").warning("request")
    logging.getLogger("somebody.else").info("chatter")
    assert len(stream.getvalue().splitlines()) == 1
