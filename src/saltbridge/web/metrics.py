"""``GET /metrics`` in the Prometheus text format, for insiders; not found for all others."""

import time
from collections.abc import Iterator
from datetime import timedelta

from fastapi import APIRouter, HTTPException, Request
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import Response

from saltbridge.core.canonical import read_json
from saltbridge.core.errors import SaltbridgeError
from saltbridge.ports import World
from saltbridge.steps.log import CHECKPOINT, checkpoint_id
from saltbridge.steps.proposals import KIND, PENDING, expired
from saltbridge.steps.records import every
from saltbridge.web.answers import HEADERS
from saltbridge.web.watch import Watch, is_insider

_FAR = timedelta(days=36_500)
_MOST = 10_000
_LOOK_BACK = 1000  # leaves; a page of the store holds as many records


def router(world: World, watch: Watch) -> APIRouter:
    """The route; the gauges are read from the store when somebody asks."""
    routes = APIRouter()
    watch.registry.register(_Gauges(world, watch))

    def metrics(request: Request) -> Response:
        if not is_insider(world, request):
            raise HTTPException(404)
        return Response(
            generate_latest(watch.registry),
            media_type="text/plain; version=0.0.4; charset=utf-8",
            headers=HEADERS,
        )

    routes.add_api_route("/metrics", metrics, methods=["GET"])
    return routes


class _Gauges(Collector):
    """What stands in the store now."""

    def __init__(self, world: World, watch: Watch) -> None:
        self._world = world
        self._watch = watch
        self._first_seen: dict[str, float] = {}

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: naming the gauges must not read the store."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges; without those of the store while it cannot be read."""
        try:
            yield from self._of_the_store()
            readable = 1.0
        except SaltbridgeError:
            readable = 0.0
        yield _gauge("store_readable", "Whether the store can be read.", readable)
        expires = self._watch.certificate_expires()
        if expires is not None:
            left = (expires - self._world.clock.now()).total_seconds()
            yield _gauge("certificate_seconds_left", "Until the certificate expires.", left)

    def _of_the_store(self) -> Iterator[GaugeMetricFamily]:
        now, world = time.monotonic(), self._world
        with world.store.reading() as view:
            heads = view.due(world.clock.now() + _FAR, limit=_MOST)
            failed = len(view.failed(limit=_MOST))
            size = view.log_size()
            pending = sum(
                proposal["state"] == PENDING and not expired(proposal, world.clock.now())
                for proposal in (read_json(kept.body) for kept in every(view, KIND))
            )
            # Ids are sizes: the newest checkpoint lies among the last ones.
            signed = view.find(CHECKPOINT, after=checkpoint_id(max(0, size - _LOOK_BACK)))
        ids = {entry.id for entry in heads}
        self._first_seen = {i: t for i, t in self._first_seen.items() if i in ids}
        for id in ids:
            self._first_seen.setdefault(id, now)
        oldest = max((now - t for t in self._first_seen.values()), default=0.0)
        yield _gauge("outbox_waiting", "Processes with something to send.", len(heads))
        yield _gauge("outbox_oldest_seconds", "Longest seen waiting, by who scrapes.", oldest)
        most = max((entry.attempts for entry in heads), default=0)
        yield _gauge("outbox_most_attempts", "Attempts at one waiting entry.", most)
        yield _gauge("outbox_failed", "Entries that wait for a person.", failed)
        yield _gauge("log_size", "Leaves of the log.", size)
        if signed:
            age = (world.clock.now() - signed[-1].written_at).total_seconds()
            yield _gauge("checkpoint_age_seconds", "Since the newest checkpoint.", age)
        yield _gauge("pending_releases", "Releases that wait for approval.", pending)


def _gauge(name: str, says: str, number: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"saltbridge_{name}", says, value=number)
