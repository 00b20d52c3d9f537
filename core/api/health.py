"""Health of the installation for load balancers and operators, without a login and without details."""

import logging
from collections.abc import Sequence

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from core.bootstrap import Web
from core.errors import PlatformError
from core.services.health import read_system_health

log = logging.getLogger(__name__)


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
        health = read_system_health(web.storage, web.clock())
    except PlatformError as e:
        log.error("not ready: %s", e.code)
        return "unavailable", ["database"]
    reasons = []
    if health.sidecar_silent:
        reasons.append("sync_silent")
    if health.keys_locked:
        reasons.append("keys_locked")
    return ("degraded" if reasons else "ok"), reasons
