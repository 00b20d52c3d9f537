"""Health of the installation for load balancers and operators, without a login and without details."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.bootstrap import Web
from core.errors import PlatformError

log = logging.getLogger(__name__)

SILENT_AFTER = timedelta(seconds=60)
LOCKED = "locked"


def health_routes(web: Web) -> Sequence[BaseRoute]:
    """Return `/healthz` (the process answers) and `/readyz` (database and sidecar)."""

    async def show_health(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def show_readiness(request: Request) -> Response:
        status, reasons = await to_thread.run_sync(check_readiness, web)
        return JSONResponse({"status": status, "reasons": reasons}, status_code=503 if status == "unavailable" else 200)

    return [
        Route("/healthz", show_health, methods=["GET"]),
        Route("/readyz", show_readiness, methods=["GET"]),
    ]


def check_readiness(web: Web) -> tuple[str, list[str]]:
    """Return ok, degraded (pages work, figures age) or unavailable, with the codes of the reasons."""
    try:
        web.storage.ping()
        if not web.storage.schema_is_current():
            return "unavailable", ["migrations"]
        with web.storage.begin(write=False) as uow:
            beats = uow.syncing.heartbeats()
    except PlatformError as e:
        log.error("not ready: %s", e.code)
        return "unavailable", ["database"]
    latest = max(beats, key=lambda beat: beat.beat_at, default=None)
    reasons = []
    if latest is None or web.clock() - latest.beat_at > SILENT_AFTER:
        reasons.append("sync_silent")
    if latest is not None and latest.keys == LOCKED:
        reasons.append("keys_locked")
    return ("degraded" if reasons else "ok"), reasons
