"""The rule sets. The folder is the registry: every module here holds one ``METHODOLOGY``."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from saltbridge.core.edition import Edition, edition_in_force
from saltbridge.core.errors import FaultyInput
from saltbridge.core.finding import finding
from saltbridge.footprint.methodology import Methodology


@lru_cache(maxsize=1)
def methodologies() -> Mapping[str, Methodology]:
    """All methodologies by id."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    found = (module.METHODOLOGY for module in modules)
    return {m.id: m for m in sorted(found, key=lambda m: str(m.id))}


def editions() -> Mapping[str, Edition]:
    """Every edition that exists, by ``ID@EDITION``."""
    return {f"{m.id}@{e.name}": e for m in methodologies().values() for e in m.editions}


def known() -> tuple[str, ...]:
    """Every ``ID@EDITION`` that exists."""
    return tuple(editions())


def choose(text: str, placed_on_market: date) -> tuple[Methodology, Edition]:
    """The methodology and edition that ``ID`` or ``ID@EDITION`` names.

    Without an edition the one in force on the day is taken; drafts and pending editions are
    chosen by name only. The edition has the status of that day: one that was withdrawn is in
    force for a battery of its period, and one whose period has ended is withdrawn.

    Raises:
        FaultyInput: no such methodology or edition; the finding lists what exists.
        NoEditionInForce: the methodology has no edition in force on that day.
    """
    identifier, _, edition_name = text.strip().partition("@")
    methodology = methodologies().get(identifier)
    if methodology is None:
        raise FaultyInput.of("methodology.unknown", name=text, known=", ".join(known()))
    if "@" not in text:
        return methodology, edition_in_force(methodology.editions, placed_on_market)
    for edition in methodology.editions:
        if edition.name == edition_name:
            return methodology, edition.on(placed_on_market)
    raise FaultyInput([finding("methodology.unknown", name=text, known=", ".join(known()))])
