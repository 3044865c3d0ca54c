"""The page of one public passport in one language, drawn from what was released."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from saltbridge.adapters import settings
from saltbridge.ports import World
from saltbridge.web.pages import render
from saltbridge.web.passport_assurance import assurance
from saltbridge.web.passport_public import PublicPassport, PublicPassports
from saltbridge.web.passport_story import address_of, story
from saltbridge.web.passport_values import day, moment
from saltbridge.web.passport_words import page_values


@dataclass(frozen=True, slots=True)
class Older:
    """A version that was asked for; ``none_then``: there was none yet, this is the newest."""

    is_newest: bool
    none_then: bool = False
    day: str = ""


def draw(
    world: World,
    public: PublicPassports,
    passport: PublicPassport,
    language: str,
    older: Older | None = None,
) -> str:
    """The page as HTML. Reads the store: not for the event loop."""
    content = passport.content
    address = address_of(content["gtin"], content["serial"])
    kept = f"version={content['version']}" if older and not older.is_newest else ""
    values = page_values(content, language)
    return render(
        "passport.html",
        language,
        **values,
        claim=_claim(passport, language),
        copy=_copy(passport, language),
        assurance=assurance(world, passport, language),
        story=story(world, public, passport, language),
        older=older,
        kept=kept,
        contact=settings.value(world.settings, "passport_access.contact") or "",
        paths={
            "newest": address,
            "ask": f"/passport-access?{urlencode({'battery': content['product_id']})}",
            "access": f"{address}/access",
            "qr_svg": f"{address}/qr.svg",
            "qr_png": f"{address}/qr.png",
            "claim": f"/passports/{content['passport_id']}/claim.json{kept and '?'}{kept}",
            "keeping": f"/passports/{content['passport_id']}/keeping.json",
            "json": f"{address}?{kept}{kept and '&'}format=json",
        },
    )


def _claim(passport: PublicPassport, language: str) -> dict[str, Any]:
    signed = passport.signed
    return {
        "issuer": signed.issuer,
        "key": signed.key,
        "digest": signed.digest,
        "status": passport.status.name.lower(),
        "status_list": signed.status.get("uri", ""),
        "issued": moment(signed.issued_at.isoformat(), language),
        "day": day(signed.issued_at.isoformat(), language),
    }


def _copy(passport: PublicPassport, language: str) -> dict[str, str] | None:
    """What the page says of a back-up copy: whose, of which day, since when, by whom."""
    copy = passport.copy
    if copy is None:
        return None
    return {
        "operator": str(passport.content["issuer"]["name"]),  # as it signed itself
        "authority": copy.ordered_by,
        "did": copy.did,
        "keeper": copy.keeper,
        "as_of": day(copy.as_of[:10], language),
        "since": day(copy.since[:10], language),
    }
