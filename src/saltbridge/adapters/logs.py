"""The log of a served node: one line an event on standard error, nothing secret by make.

A line holds the template of the message, which stands in the source, and fields of a list:
what a caller, a partner or an exception says is no field, so that it cannot be written. Of an
exception its kind, the codes of its findings and the places in our code are told, never its
text. The one field for text, ``says``, is for our own catalogues about the node's own files.
"""

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import PurePath
from traceback import walk_tb
from typing import Any, Final, TextIO

import orjson

# Whatever is not named here is not written: add a name only if its values are ids, codes,
# counts, times or names of our own.
FIELDS: Final = (
    "event", "request", "method", "route", "status", "seconds", "partner", "person",
    "entry", "kind", "attempts", "code", "decision", "verdict", "recipient", "reason",
    "says", "size", "port",
)  # fmt: skip
_LONGEST: Final = 500


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return orjson.dumps(facts(record)).decode()


class TextLines(logging.Formatter):
    """The same facts as one readable line."""

    def format(self, record: logging.LogRecord) -> str:
        told = facts(record)
        head = [str(told.pop(name)) for name in ("time", "level", "message")]
        return " ".join([*head, *(f"{k}={v}" for k, v in told.items())])


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """What may be told of an event."""
    second, part = divmod(record.created, 1)
    told: dict[str, Any] = {
        "time": f"{_second(int(second))}.{int(part * 1000):03d}+00:00",
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _template(record),
    }
    stated = record.__dict__
    for name in FIELDS:
        value = stated.get(name)
        if value is not None and value != "":
            told[name] = _plain(value) if isinstance(value, str) else _number(value)
    if record.exc_info and record.exc_info[1] is not None:
        told["error"] = _error(record.exc_info[1])
    return told


def configure(settings: Mapping[str, Any], stream: TextIO | None = None) -> None:
    """Send everything that is logged in this process to standard error, in our form."""
    from saltbridge.adapters.settings import value

    # Nothing of it is written, and each would be looked up for every line.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(stream or sys.stderr)
    json_wanted = value(settings, "log_format") == "json"
    handler.setFormatter(JsonLines() if json_wanted else TextLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("saltbridge").setLevel(str(value(settings, "log_level")).upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
        logger.setLevel(logging.WARNING)
    logging.captureWarnings(True)  # they would be printed in words otherwise


@lru_cache(maxsize=4)
def _second(since_1970: int) -> str:
    """Day and time of a second (UTC): drawn once for all its lines."""
    return datetime.fromtimestamp(since_1970, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _template(record: logging.LogRecord) -> str:
    """The message before its arguments came in, which may hold anything.

    Libraries make their messages up before they log them: of those only the place is told.
    """
    ours = record.name.partition(".")[0] in ("saltbridge", "uvicorn")
    if ours and isinstance(record.msg, str):
        return _plain(record.msg)
    return f"{PurePath(record.pathname).name}:{record.lineno}"


def _plain(text: str) -> str:
    """On one line, and not for ever: a value must not look like another line."""
    told = text[:_LONGEST]
    if told.isprintable():
        return told
    return "".join(c if c.isprintable() else "?" for c in told)


def _number(value: object) -> object:
    return value if isinstance(value, bool | int | float) else type(value).__name__


def _error(error: BaseException) -> dict[str, Any]:
    """Kind and place of an exception and of its causes, without a word of their texts."""
    told: dict[str, Any] = {"type": type(error).__name__}
    findings = getattr(error, "findings", None)
    if findings:
        told["codes"] = [str(f.code) for f in findings]
    told["at"] = [
        f"{PurePath(frame.f_code.co_filename).name}:{line}:{frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ][-30:]
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and cause is not error:
        told["cause"] = {"type": type(cause).__name__}
    return told
