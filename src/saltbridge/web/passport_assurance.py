"""Who stands behind a public passport, in words: what this node checked, and what it cannot.

A page can say anything about itself. So beside what holds stands what a reader has to look at:
the address bar, whom that name belongs to, and the signed file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from saltbridge.core.errors import SaltbridgeError
from saltbridge.core.identifiers import did_web
from saltbridge.locales import text
from saltbridge.ports import World
from saltbridge.trust.checkpoint import log_keys
from saltbridge.trust.did import known_did_document
from saltbridge.trust.log_proof import check_log_proof
from saltbridge.trust.status_list import Status
from saltbridge.web.passport_public import PublicPassport
from saltbridge.web.passport_values import day

GOOD: Final = "good"
OPEN: Final = "open"
BAD: Final = "bad"
_MARKS: Final = {
    "valid": GOOD,
    "old": OPEN,
    "superseded": OPEN,
    "kept": OPEN,
}  # by the status of a version


@dataclass(frozen=True, slots=True)
class Check:
    """One check: ``mark`` is good, open or bad; the rest is in the reader's language."""

    mark: str
    verdict: str
    name: str
    says: str


@dataclass(frozen=True, slots=True)
class Assurance:
    """Who issued it, the name on the web that the address bar has to show and whose that name
    has to be, the checks."""

    issuer: str
    host: str
    kept_by: str
    checks: tuple[Check, ...]

    @property
    def all_hold(self) -> bool:
        """Whether nothing is open and nothing fails."""
        return all(check.mark == GOOD for check in self.checks)


def assurance(world: World, passport: PublicPassport, language: str) -> Assurance:
    """What can be said for a passport. Its signature was checked when it was looked up."""
    issuer = str(passport.content["issuer"]["name"])
    base = passport.product_id.partition("/01/")[0]
    host = urlsplit(world.node.base_url).netloc  # where this page is read
    told: dict[str, Any] = {"host": host}

    def check(mark: str, name: str, outcome: str, **more: Any) -> Check:
        return Check(
            mark,
            text(f"assurance.mark.{mark}", None, language),
            text(f"assurance.{name}", None, language),
            text(f"assurance.{name}.{outcome}", {**told, **more}, language),
        )

    signed_on = day(passport.signed.issued_at.isoformat(), language)
    status, of_day = _status(passport), _as_of(passport, language)
    logged, entry = _logged(passport)
    place, about = _address(world, base, passport)
    now_by = _other_operator(passport.content)
    checks = (
        check(GOOD, "signature", "good", day=signed_on),
        check(_MARKS.get(status, BAD), "status", status, **of_day),
        check({"none": OPEN}.get(logged, logged), "log", logged, **entry),
        check(
            OPEN if now_by else GOOD,
            "operator",
            "other" if now_by else "same",
            **({"operator": now_by} if now_by else {}),
        ),
        check(GOOD if place == "good" else OPEN, "address", place, **about),
    )
    elsewhere = passport.copy is not None or base != world.node.base_url
    return Assurance(issuer, host, world.node.legal_name if elsewhere else issuer, checks)


def _address(
    world: World, base: str, passport: PublicPassport
) -> tuple[str, Mapping[str, str]]:
    """How the address in the code, the issuer's key and this node belong together."""
    issuer = passport.signed.issuer
    if passport.copy is not None:
        return "copy", {"named": urlsplit(base).netloc}
    if base != world.node.base_url:  # taken over from the node that the code names
        return "moved", {"named": urlsplit(base).netloc, "keeper": world.node.legal_name}
    return ("good", {}) if did_web(base) == issuer else ("elsewhere", {"named": issuer})


def _status(passport: PublicPassport) -> str:
    if passport.status is not Status.VALID:
        return passport.status.name.lower()
    if passport.copy is not None and passport.signed.status:
        return "kept"  # of the keeper's day: nobody says what became of it since
    return "valid" if passport.signed.status else "old"


def _as_of(passport: PublicPassport, language: str) -> Mapping[str, str]:
    copy = passport.copy
    if copy is None:
        return {}
    return {"as_of": day(copy.as_of[:10], language), "keeper": copy.keeper}


def _logged(passport: PublicPassport) -> tuple[str, Mapping[str, int]]:
    """Whether the enclosed proof holds under the issuer's log keys, and where the entry is."""
    signed = passport.signed
    if signed.log is None:
        return "none", {}
    try:
        checkpoint, _ = check_log_proof(
            signed.log,
            claim_id=signed.id,
            claim_digest=signed.digest,
            origin=signed.issuer,
            keys=log_keys(known_did_document(signed.document, did=signed.issuer)),
        )
    except SaltbridgeError:
        return BAD, {}
    return GOOD, {"entry": signed.log.index + 1, "size": checkpoint.size}


def _other_operator(view: Mapping[str, Any]) -> str:
    """Who answers for the battery, if that is not who issued the passport."""
    issuer, shown = view["issuer"], view["attributes"]
    answers = str((shown.get("A007") or {}).get("value") or "")
    known = {issuer["bpn"], issuer["did"], ""}
    if answers in known:
        return ""
    named = shown.get("A026") or {}
    told, origin = named.get("value"), named.get("origin") or {}
    of_event = str(origin.get("reference", "")).startswith("event ")
    if not of_event or not isinstance(told, Mapping):
        return answers  # what is said of a name is still about who answered before
    stated = [str(told[m]) for m in ("name", "address") if isinstance(told.get(m), str)]
    return f"{', '.join(stated)} ({answers})" if stated else answers
