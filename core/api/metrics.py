"""`/metrics` for Prometheus: counts and ages of the whole installation, for loopback or whoever has the token."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from anyio import to_thread
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from core.api.sync_metrics import SyncCollector
from core.bootstrap import Web
from core.config import is_loopback
from core.errors import PlatformError
from core.services.health import FleetHealth, read_fleet_health
from core.services.sync_health import read_sync_health

FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


def metrics_routes(web: Web) -> Sequence[BaseRoute]:
    """Return `/metrics`; anybody else gets the answer of a page that does not exist."""

    async def show_metrics(request: Request) -> Response:
        if not may_scrape(request, web.settings.metrics_token.get_secret_value()):
            return PlainTextResponse("not found", status_code=404)
        try:
            text = await to_thread.run_sync(render_metrics, web)
        except PlatformError as e:
            return PlainTextResponse(e.code, status_code=503)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return [Route("/metrics", show_metrics, methods=["GET"])]


def may_scrape(request: Request, token: str) -> bool:
    """Tell whether a request comes straight from loopback, asks for it by name and not by proxy, or has the token."""
    given = request.headers.get("authorization", "")
    if token and hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return True
    is_forwarded = any(name in request.headers for name in FORWARDED)
    is_own = request.client is not None and is_loopback(request.client.host) and is_loopback(request.url.hostname or "")
    return is_own and not is_forwarded


def render_metrics(web: Web) -> bytes:
    """Return the metrics in Prometheus' text format, measured now."""
    now = web.clock()
    registry = CollectorRegistry()
    registry.register(_Fleet(read_fleet_health(web.storage, now), now))
    registry.register(SyncCollector(read_sync_health(web.storage, now)))
    return generate_latest(registry)


class _Fleet(Collector):
    """One reading of the installation as gauges."""

    def __init__(self, health: FleetHealth, now: datetime) -> None:
        self._health = health
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        health = self._health
        yield _counted("ga_accounts", "Exchange accounts by status.", "status", health.by_status)
        yield _counted("ga_accounts_read", "Accounts being read, by freshness.", "freshness", health.by_freshness)
        yield _counted("ga_accounts_failing", "Accounts by code of their last error.", "code", health.errors)
        oldest = GaugeMetricFamily("ga_oldest_reading_seconds", "Age of the oldest last reading.", labels=["exchange"])
        for exchange, seconds in sorted(health.oldest_seconds.items()):
            oldest.add_metric([exchange], seconds)
        yield oldest
        seen = health.system.sidecar_seen_at
        if seen is not None:
            age = (self._now - seen).total_seconds()
            yield GaugeMetricFamily("ga_sidecar_age_seconds", "Time since a sidecar's last sign of life.", value=age)
        locked = float(health.system.keys_locked)
        yield GaugeMetricFamily("ga_keys_locked", "1 while no sidecar can open keys.", value=locked)


def _counted(name: str, text: str, label: str, counts: Mapping[tuple[str, str], int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=["exchange", label])
    for (exchange, value), count in sorted(counts.items()):
        family.add_metric([exchange, value], count)
    return family
