"""The sandbox's BingX: three wallets of futures beside spot and funding, refusals in HTTP 200, tight limits."""

from dataclasses import replace
from decimal import Decimal

from connectors.sandbox.accounts import AccountSpec, standard_accounts
from connectors.sandbox.bingx import history, market, orders, wallets
from connectors.sandbox.bingx.admission import admit
from connectors.sandbox.bingx.common import envelope, refused
from connectors.sandbox.dialect import Call, Dialect, Site
from connectors.sandbox.keys import KeyStyle
from connectors.sandbox.limits import Limit
from connectors.sandbox.wire import Answer, RefusedError, WireRequest

FIRST_UID = 12_851_931
BAN_AFTER, BAN_SECONDS = 20, 480
BUSY = "The current system is busy, please try again later"
BLOCKED = (
    "code:100410:The endpoint trigger frequency limit rule is currently in the disabled period and will be unblocked"
)
DEMO_PATHS = "/openApi/swap/"


class BingxDialect(Dialect):
    """BingX as a server. An endpoint's weight is its calls a second by address (0: none), `scope` those by UID."""

    id = "bingx"
    hosts = ("rest",)
    style = KeyStyle(length=86, secret_length=86)
    endpoints = {**market.ENDPOINTS, **wallets.ENDPOINTS, **history.ENDPOINTS, **orders.ENDPOINTS}

    def accounts(self) -> list[AccountSpec]:
        """Return the standard accounts without fiat, that deposit into funding; the rich one has more wallets."""
        rich, *others = standard_accounts(self.id, FIRST_UID, "LTC", fiat=False)
        more = {"futures_standard": {"USDT": Decimal("150.5")}, "grid": {"USDT": Decimal(75)}}
        everybody = [replace(rich, opening={**rich.opening, **more}), *others]
        return [replace(spec, home="funding") for spec in everybody]

    def key_of(self, request: WireRequest) -> str:
        """Return the X-BX-APIKEY header."""
        return request.headers.get("x-bx-apikey", "")

    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return a failure in the exchange's envelope."""
        return refused(100410 if status == 429 else 100500, BUSY, now_ms, status).answer

    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Count the call by address, admit the key, count by UID, answer; lists of transfers have no envelope."""
        endpoint = self.endpoints.get((request.method, request.path))
        try:
            if endpoint is None:
                raise refused(100400, "this api is not exist, please refer to the API docs", site.now_ms())
            if endpoint.weight:
                self._count(site, f"{request.path}:ip:{request.client_ip}", endpoint.weight)
            key = admit(request, site) if endpoint.signed else None
            if key is not None and endpoint.scope:
                self._count(site, f"{request.path}:uid:{key.uid}", int(endpoint.scope))
            if key is not None and key.testnet and not request.path.startswith(DEMO_PATHS):
                raise refused(100400, "not supported on the VST environment", site.now_ms())
            found = endpoint.handler(Call(site, key, request.params(), site.world.clock()))
            return Answer(200, found if _is_bare(request.path) else envelope(found, site.now_ms()))
        except RefusedError as refusal:
            return refusal.answer

    def _count(self, site: Site, bucket: str, units: int) -> None:
        limit = Limit(units, window=1, ban_after=BAN_AFTER, ban_seconds=BAN_SECONDS)
        verdict = site.limiter.count(f"{self.id}:{bucket}", 1, limit=limit, now=site.now())
        if verdict.retry_after and site.enforce_limits:
            until = site.now_ms() + verdict.retry_after * 1000
            raise refused(100410, f"{BLOCKED} after {until}" if verdict.banned else BUSY, site.now_ms())


def _is_bare(path: str) -> bool:
    return path.startswith("/openApi/api/v3/")


DIALECT = BingxDialect()
