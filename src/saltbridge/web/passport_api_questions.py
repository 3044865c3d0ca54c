"""What a caller of the DPP API asks for, read out of the request, and how that can fail."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, unquote

from starlette.requests import Request

from saltbridge.formats.passport_dpp import MOST_IDS, REPRESENTATIONS, position_of

LONGEST_ID: Final = 2000


class Failure(Exception):
    """An answer other than the one asked for: HTTP status and the code of its words."""

    def __init__(self, status: int, code: str, **told: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.told = status, code, told


def not_found() -> Failure:
    """The one answer for what is not there and what the caller may not see."""
    return Failure(404, "pass-api.not-found")


def segments(request: Request, before: int, exactly: int = 0) -> list[str]:
    """The parts of the path after the method's own, each with its escapes resolved.

    From the raw path: an escaped slash belongs to an identifier, a plain one does not.

    Raises:
        Failure: 404, other than so many parts.
    """
    raw = request.scope.get("raw_path") or quote(request.url.path).encode()
    parts = [unquote(p) for p in raw.decode("ascii", "replace").split("/")[1:]]
    rest = parts[before:]
    if not rest or (exactly and len(rest) != exactly) or len(rest[0]) > LONGEST_ID:
        raise not_found()
    return rest


def representation(request: Request) -> str:
    """The form asked for.

    Raises:
        Failure: 400, there is no such form.
    """
    form = request.query_params.get("representation", "compressed")
    if form not in REPRESENTATIONS:
        known = ", ".join(REPRESENTATIONS)
        raise Failure(400, "pass-api.bad-representation", known=known)
    return form


def moment(written: str) -> datetime:
    """A time in UTC; a day alone is its end, so that the version of that day is met.

    Raises:
        Failure: 400, neither a time with its offset nor a day.
    """
    day = len(written) == len("2027-02-18")
    try:
        at = datetime.fromisoformat(f"{written}T23:59:59Z" if day else written)
        if at.tzinfo is None:
            raise ValueError("a time without its offset")
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Failure(400, "pass-api.bad-date") from None


def page(request: Request, asked: tuple[str, ...]) -> tuple[int, int]:
    """How many identifiers are wanted, and from which one on.

    Raises:
        Failure: 400, no such number, or a cursor of another question.
    """
    limit = request.query_params.get("limit", str(MOST_IDS))
    if not (limit.isascii() and limit.isdigit() and int(limit[:9]) > 0):
        raise Failure(400, "pass-api.bad-limit")
    if "cursor" not in request.query_params:
        return int(limit[:9]), 0
    start = position_of(request.query_params["cursor"][:200], asked)
    if start is None:
        raise Failure(400, "pass-api.bad-cursor")
    return int(limit[:9]), start
