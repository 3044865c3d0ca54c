"""What the DPP API of EN 18222:2026 says: a passport, one element of it, a result.

The text of the standard is licensed and was not read: paths, names and codes are those of
implementations that cite its clauses (secondary, read 2026-11).

An element is named by a JSONPath that can meet one place only (RFC 9535, singular query,
without negative indexes), in the compressed form: ``$.ratedCapacity.value``.
"""

import base64
import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from saltbridge.core.canonical import digest, read_json
from saltbridge.formats.passport_en_18223 import COMPRESSED, EXPANDED, expand
from saltbridge.formats.passport_formats import write_passport
from saltbridge.formats.passport_paths import MISSING
from saltbridge.passport.access import Audience, visible_to
from saltbridge.passport.check_file import document_values
from saltbridge.passport.model import Origin, OriginKind

REPRESENTATIONS: Final[Mapping[str, str]] = {"compressed": COMPRESSED, "full": EXPANDED}
MOST_IDS: Final = 100  # product identifiers in one question

Step = str | int

# HTTP status → the word of EN 18222 table 15. It has none for 307, 406, 410 and 429.
STATUS_WORDS: Final[Mapping[int, str]] = {
    307: "ClientErrorResourceNotFound",
    400: "ClientErrorBadRequest",
    404: "ClientErrorResourceNotFound",
    405: "ClientMethodNotAllowed",
    406: "ClientErrorBadRequest",
    410: "ClientErrorResourceNotFound",
    413: "ClientErrorBadRequest",
    429: "ClientErrorBadRequest",
    500: "ServerInternalError",
}
_NAME: Final = r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*"
_STEP: Final = re.compile(
    rf"\.(?P<name>{_NAME})"
    r"|\[(?P<index>0|[1-9][0-9]{0,5})\]"
    r"|\['(?P<one>[^'\\]{1,100})'\]"
    r'|\["(?P<two>[^"\\]{1,100})"\]'
)
_LONGEST_PATH: Final = 500


def result(status: int, code: str, words: str) -> dict[str, Any]:
    """The result object of a failure. Without a time: two refusals are the same bytes."""
    message = {"messageType": "Error", "text": words, "code": code}
    return {"statusCode": STATUS_WORDS[status], "message": [message]}


def written_view(
    view: bytes,
    format: str,
    audience: Audience = Audience.PUBLIC,
    points: Collection[int] | None = None,
) -> bytes:
    """A view in a wire format. Cut once more by the one filter: a view is no licence.

    Raises:
        FaultyInput: no such format, or the bytes are no view.
    """
    _, values, _ = document_values(read_json(view), Origin(OriginKind.OPERATOR, ""))
    return write_passport(visible_to(audience, values, points=points), format).content


@lru_cache(maxsize=256)
def written_public_view(view: bytes, format: str) -> bytes:
    """The same of a public view; the last ones are kept in mind, and nothing restricted is."""
    return written_view(view, format)


def json_path(path: str) -> tuple[Step, ...] | None:
    """The steps of a JSONPath that meets one place at most; None if it is another path.

    >>> json_path("$.ratedCapacity['value']"), json_path("$.a[0]"), json_path("$..a")
    (('ratedCapacity', 'value'), ('a', 0), None)
    """
    if not path.startswith("$") or len(path) > _LONGEST_PATH:
        return None
    at, steps = 1, list[Step]()
    while at < len(path):
        met = _STEP.match(path, at)
        if met is None:
            return None
        index = met["index"]
        steps.append(int(index) if index else met["name"] or met["one"] or met["two"])
        at = met.end()
    return tuple(steps)


def element_of(
    compressed: Mapping[str, Any], full: Mapping[str, Any] | None, steps: Sequence[Step]
) -> Mapping[str, Any] | None:
    """The data element at a place, in the form of the document given; None if none is there.

    ``full`` is the same passport in the full form, where that form is asked for.
    """
    value: Any = compressed
    for step in steps:
        value = _child(value, step)
    if value is MISSING or not steps:
        return None
    id = str(steps[-1])
    if full is None:
        return {"elementId": id, "value": value}
    if len(steps) == 1:
        listed = (e for e in full.get("elements", ()) if e.get("elementId") == id)
        return next(listed, None) or {"elementId": id, **expand(value)}
    return {"elementId": id, **expand(value)}


def _child(value: Any, step: Step) -> Any:
    if isinstance(step, int):
        held = isinstance(value, list) and step < len(value)
        return value[step] if held else MISSING
    return value.get(step, MISSING) if isinstance(value, Mapping) else MISSING


# --- which identifiers were asked for, page by page ------------------------------------------


def cursor_at(asked: Collection[str], position: int) -> str:
    """The word that continues a question after so many of its identifiers."""
    text = f"{position}.{_mark(asked)}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def position_of(cursor: str, asked: Collection[str]) -> int | None:
    """Where a cursor continues; None if it does not belong to this question."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError:
        return None
    position, _, mark = text.partition(".")
    if mark != _mark(asked) or not re.fullmatch(r"[0-9]{1,3}", position):
        return None
    return int(position)


def _mark(asked: Collection[str]) -> str:
    return digest("\n".join(asked).encode("utf-8", "surrogatepass"))[-16:]


def product_ids(body: Any) -> tuple[str, ...] | None:
    """The identifiers of a question; None if it is none, or asks for too many."""
    ids = body.get("productIds") if isinstance(body, Mapping) else None
    if not isinstance(ids, list) or not 0 < len(ids) <= MOST_IDS:
        return None
    return tuple(ids) if all(isinstance(id, str) and id for id in ids) else None
