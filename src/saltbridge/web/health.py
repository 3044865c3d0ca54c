"""Whether the node answers, and whether it is ready to work.

``/health`` is for who restarts processes, ``/health/ready`` for who sends traffic. What is
wrong is told to insiders only.
"""

import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from saltbridge.adapters.settings import value
from saltbridge.core.errors import SaltbridgeError
from saltbridge.ports import World
from saltbridge.web.answers import json_answer
from saltbridge.web.watch import Watch, is_insider

# An entry that is due is tried within seconds: one that is due for so long is not looked at.
STUCK_AFTER: Final = timedelta(minutes=10)
_KEY_LOOKED_AT_EVERY: Final = 60.0


def router(world: World, watch: Watch) -> APIRouter:
    """``GET /health`` and ``GET /health/ready``: 200, or 503 while something is wrong."""
    routes = APIRouter()
    checks = _Checks(world, watch)

    def health() -> Response:
        if checks.store() != "ok":
            return json_answer({"status": "store-unreadable"}, 503)
        return json_answer({"status": "ok"})

    def ready(request: Request) -> Response:
        found = checks.all()
        good = all(state == "ok" for state in found.values())
        told: dict[str, object] = {"status": "ready" if good else "not-ready"}
        if is_insider(world, request):
            told["checks"] = found
        return json_answer(told, 200 if good else 503)

    routes.add_api_route("/health", health, methods=["GET"])
    routes.add_api_route("/health/ready", ready, methods=["GET"])
    return routes


class _Checks:
    def __init__(self, world: World, watch: Watch) -> None:
        self._world = world
        self._watch = watch
        self._key_seen: tuple[float, str] | None = None
        self._waiting_since: dict[str, float] = {}

    def all(self) -> dict[str, str]:
        """Every check with ``ok`` or what is wrong."""
        return {
            "store": self.store(),
            "log_key": self._log_key(),
            "outbox": self._outbox(),
            "disk": self._disk(),
            "certificate": self._certificate(),
        }

    def store(self) -> str:
        """Whether the store can be read."""
        try:
            with self._world.store.reading() as view:
                view.get("health", "never-written")
        except SaltbridgeError:
            return "unreadable"
        return "ok"

    def _log_key(self) -> str:
        now = time.monotonic()
        if self._key_seen is None or now - self._key_seen[0] > _KEY_LOOKED_AT_EVERY:
            try:
                self._world.keyring.log_signer()
                state = "ok"
            except SaltbridgeError:
                state = "unusable"
            self._key_seen = (now, state)
        return self._key_seen[1]

    def _outbox(self) -> str:
        """``stuck`` if an entry has been due for long: the worker does not come round."""
        now, clock = time.monotonic(), self._world.clock.now()
        try:
            with self._world.store.reading() as view:
                due = view.due(clock)
        except SaltbridgeError:
            return "unreadable"
        self._waiting_since = {
            e.id: self._waiting_since.get(e.id, now) for e in due if e.due_at is None
        }
        late = any(e.due_at is not None and clock - e.due_at > STUCK_AFTER for e in due)
        long = any(now - t > STUCK_AFTER.total_seconds() for t in self._waiting_since.values())
        return "stuck" if late or long else "ok"

    def _disk(self) -> str:
        folder = self._world.settings.get("folder")
        if folder is None:
            return "ok"
        try:
            free = shutil.disk_usage(Path(str(folder))).free
        except OSError:
            return "unreadable"
        wanted = int(value(self._world.settings, "least_free_megabytes")) * 1_000_000
        return "ok" if free >= wanted else "low"

    def _certificate(self) -> str:
        expires = self._watch.certificate_expires()
        return "ok" if expires is None or self._world.clock.now() < expires else "expired"
