"""A node that has just started draws a page before anybody asks for one.

The first page needs templates compiled and catalogues read, some tenths of a second in each
language; whoever came in the meantime would wait. What was loaded by then stays for good, so
the collector of garbage is told to leave it alone.
"""

import gc
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from saltbridge.core.errors import SaltbridgeError
from saltbridge.locales import LANGUAGES
from saltbridge.ports import World
from saltbridge.web.passport_drawing import draw
from saltbridge.web.passport_public import PublicPassports

_log = logging.getLogger(__name__)


def warm(world: World) -> int:
    """Draw a public passport in every language; returns how many pages (0: no passport)."""
    public = PublicPassports(world)
    try:
        with world.store.reading() as view:
            found = view.find("passport-address", limit=1)
        passport = public.by_address(*found[0].id.split("/", 1)) if found else None
        if passport is None:
            return 0
        return sum(bool(draw(world, public, passport, language)) for language in LANGUAGES)
    except SaltbridgeError:  # whoever asks for it is told
        _log.warning("no page could be drawn at the start", exc_info=True)
        return 0


@contextmanager
def warming(world: World) -> Iterator[None]:
    """Draw beside what is done here."""
    drawing = threading.Thread(target=_warm, args=(world,), name="warm", daemon=True)
    drawing.start()
    try:
        yield
    finally:
        drawing.join(5)


def _warm(world: World) -> None:
    warm(world)
    gc.collect()
    gc.freeze()
