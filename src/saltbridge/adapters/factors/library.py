"""The factor library: packaged sets, and backgrounds that were fetched on request."""

import csv
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from importlib.resources import files
from typing import TYPE_CHECKING

from saltbridge.adapters.factors.digests import digest_of, factor_set
from saltbridge.core.errors import Unavailable
from saltbridge.core.finding import finding
from saltbridge.core.provenance import Confidence
from saltbridge.footprint.model import EmissionFactor, FactorSet

if TYPE_CHECKING:
    from saltbridge.footprint.background.sampled import BackgroundSpread

__all__ = ["CARCULATOR_STATIC", "OPEN_2026", "Library", "digest_of", "factor_set", "open_2026"]

OPEN_2026 = "open-2026"
CARCULATOR_STATIC = "carculator-static"

_OPEN_2026_TABLES = ("istrate2024.csv", "electricity_countries.csv", "electricity_china.csv")
_NUMBERS = {
    field.name
    for field in fields(EmissionFactor)
    if field.type in (float, float | None) and field.name != "year"
}


class Library:
    """Factor sets by id, each loaded once (see :class:`saltbridge.ports.FactorLibrary`)."""

    def __init__(self) -> None:
        self._loaders: Mapping[str, Callable[[], FactorSet]] = {
            OPEN_2026: open_2026,
            CARCULATOR_STATIC: _carculator_static,
        }
        self._sets: dict[str, FactorSet] = {}
        self._lock = threading.Lock()

    def factor_set(self, id: str) -> FactorSet:
        """The factor set; its values in kg CO2e per unit of each factor.

        Raises:
            Unavailable: there is no such set, or its background must be fetched first.
        """
        loader = self._loaders.get(id)
        if loader is None:
            loader = _imported(id, sorted(self._loaders))
        with self._lock:
            if id not in self._sets:
                self._sets[id] = loader()
            return self._sets[id]

    def background_spread(self, id: str) -> "BackgroundSpread | None":
        """How sure a background is, with its stored draws; None for a set that is none.

        Raises:
            Unavailable: its stored draws are damaged.
        """
        from saltbridge.adapters.background import store
        from saltbridge.footprint.background.sampled import BackgroundSpread

        if id == CARCULATOR_STATIC:
            return BackgroundSpread(known=False, draws=None)
        if id in self._loaders or id not in store.names():
            return None
        known = store.has_spreads(id)
        return BackgroundSpread(known, store.load_draws(id) if known else None)

    def available(self) -> Sequence[str]:
        """Ids of the sets that can be had now, without fetching anything."""
        from saltbridge.adapters.background.carculator import is_fetched
        from saltbridge.adapters.background.store import names

        shipped = [
            id for id in sorted(self._loaders) if id != CARCULATOR_STATIC or is_fetched()
        ]
        return (*shipped, *names())


def open_2026() -> FactorSet:
    """The packaged open factor set; sources and licences in ``open_2026/SOURCES.md``."""
    folder = files(__package__) / "open_2026"
    factors = [
        _factor(row)
        for table in _OPEN_2026_TABLES
        for row in csv.DictReader((folder / table).read_text("utf-8").splitlines())
    ]
    return factor_set(
        OPEN_2026,
        "Open emission factors 2026: lithium, cobalt, nickel, graphite; electricity",
        factors,
        "per factor: MIT, CC BY 4.0, government publications",
    )


def _factor(row: Mapping[str, str]) -> EmissionFactor:
    values: dict[str, object] = {}
    for name, text in row.items():
        if text == "":
            continue
        if name == "year":
            values[name] = int(text)
        elif name == "confidence":
            values[name] = Confidence(text)
        else:
            values[name] = float(text) if name in _NUMBERS else text
    return EmissionFactor(**values)  # type: ignore[arg-type]


def _imported(id: str, shipped: Sequence[str]) -> Callable[[], FactorSet]:
    """The loader of a background that somebody imported on this machine."""
    from saltbridge.adapters.background import store

    if id not in store.names():
        known = ", ".join((*shipped, *store.names()))
        raise Unavailable([finding("factors.unknown-set", set=id, known=known)])
    return lambda: store.load(id)


def _carculator_static() -> FactorSet:
    from saltbridge.adapters.background.carculator import background

    read = background()
    return factor_set(CARCULATOR_STATIC, read.title, read.factors, read.licence)
