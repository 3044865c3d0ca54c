"""The forms of one public passport under its one address, and which of them was asked for.

The released view and the signed text leave as they are; JSON-LD is written from the released
view, and the link set says where everything is.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final

from starlette.requests import Request

from saltbridge.border.passport_credential import MEDIA_TYPE as VC_JWT
from saltbridge.core.canonical import canonical_bytes
from saltbridge.formats.passport_dpp import written_public_view
from saltbridge.formats.passport_json_ld import FORMAT as JSON_LD
from saltbridge.formats.passport_linkset import LINKSET, OFFERED, link_set, link_type
from saltbridge.formats.passport_linkset import MEDIA_TYPE as LINKS
from saltbridge.locales import LANGUAGES, text
from saltbridge.web.pages import best_variant
from saltbridge.web.passport_public import PublicPassport

HTML: Final = "text/html"
JSON: Final = "application/json"
LD: Final = "application/ld+json"
CREDENTIAL: Final = VC_JWT
SIGNED: Final = "signed"
# ``?format=`` for links, which cannot send an Accept header.
_BY_WORD: Final[Mapping[str, str]] = {"json": JSON, "jsonld": LD, "linkset": LINKS}


def offered(passport: PublicPassport) -> dict[str, str]:
    """What is offered under the one address: media type → an address of that form alone."""
    credential = passport.credential is not None
    return _offered(passport.product_id, passport.signed_media_type, credential)


def _offered(address: str, signed: str, credential: bool = False) -> dict[str, str]:
    made = {CREDENTIAL: f"{address}?format=vc"} if credential else {}
    by_word = {media_type: f"{address}?format={word}" for word, media_type in _BY_WORD.items()}
    return {HTML: address, **by_word, signed: f"{address}?format={SIGNED}", **made}


@lru_cache(maxsize=1024)
def _best(accept: str, signed: str, credential: bool) -> str | None:
    """The form a reader likes best; which forms there are hangs on the signed ones alone."""
    return best_variant(accept, _offered("", signed, credential))


def best(accept: str, passport: PublicPassport) -> str | None:
    """The form a reader with this Accept header likes best."""
    return _best(accept, passport.signed_media_type, passport.credential is not None)


def is_older(request: Request) -> bool:
    """Whether a version is asked for by its number or by a day."""
    asked = request.query_params if request.scope["query_string"] else {}
    return "version" in asked or "on" in asked


def version_number(written: str) -> int:
    """The number of a version as it is written in an address; 0, which none has, if it is none.

    >>> version_number("12"), version_number("1.0")
    (12, 0)
    """
    plain = written.isascii() and written.isdigit() and len(written) < 10
    return int(written) if plain else 0


def end_of(day: str) -> datetime | None:
    """The last second of a day (UTC) as people write it in a form; None if it is none.

    >>> end_of("2029-05-01").isoformat()
    '2029-05-01T23:59:59+00:00'
    """
    try:
        return datetime.combine(date.fromisoformat(day[:10]), time(23, 59, 59), UTC)
    except ValueError:
        return None


def is_linked(request: Request) -> bool:
    """Whether the link type asked for leads to something here."""
    if not request.scope["query_string"]:
        return True
    named = link_type(request.query_params.get("linkType", OFFERED[0]))
    return named == LINKSET[0] or named in OFFERED


def wanted(request: Request, passport: PublicPassport) -> str | None:
    """The media type asked for; None if nothing the reader accepts is offered."""
    accept = request.headers.get("accept", "")
    if not request.scope["query_string"]:
        return best(accept, passport)
    if link_type(request.query_params.get("linkType", "")) == LINKSET[0]:
        return LINKS
    word = request.query_params.get("format", "")
    if word == SIGNED:
        return passport.signed_media_type
    if word == "vc" and passport.credential is not None:
        return CREDENTIAL
    return _BY_WORD.get(word) or best(accept, passport)


def links(passport: PublicPassport) -> bytes:
    """The link set, as JSON."""
    title = text("page.title", None, "en")
    forms = {form: where for form, where in offered(passport).items() if form != LINKS}
    return canonical_bytes(link_set(passport.product_id, title, forms, LANGUAGES))


def linked_data(passport: PublicPassport) -> bytes:
    """The released view as JSON-LD."""
    return written_public_view(passport.view.content, JSON_LD)


def link_header(passport: PublicPassport) -> dict[str, str]:
    """Where the link set is, for whoever reads heads only (RFC 9264, section 7.2)."""
    where = f"<{passport.product_id}?linkType=linkset>"
    return {"Link": f'{where}; rel="linkset"; type="{LINKS}"'}


def copy_headers(passport: PublicPassport) -> dict[str, str]:
    """What says of any form that it is a back-up copy: whose, and of which moment."""
    if passport.copy is None:
        return {}
    return {
        "Saltbridge-Copy-Of": passport.copy.did,
        "Saltbridge-Copy-As-Of": passport.copy.as_of,
    }
