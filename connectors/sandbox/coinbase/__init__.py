"""The sandbox's Coinbase: `/api/v3/brokerage` and `/v2` on one host, a portfolio of its own for every key's account."""

from dataclasses import replace

from connectors.sandbox.accounts import AccountSpec, standard_accounts
from connectors.sandbox.coinbase import derivatives, history, market, wallets
from connectors.sandbox.coinbase.admission import admit, api_key_of, key_pair
from connectors.sandbox.coinbase.common import refused
from connectors.sandbox.dialect import Call, Dialect, Endpoint, Site
from connectors.sandbox.keys import KeyStyle
from connectors.sandbox.limits import Limit
from connectors.sandbox.wire import Answer, RefusedError, WireRequest
from connectors.types import Side

FIRST_UID = 540_177_201
USER_LIMIT = Limit(30, window=1)
ADDRESS_LIMIT = Limit(10, window=1)
APP_LIMIT = Limit(10_000, window=3_600)
WALLETS = ("spot", "earn", "futures_linear")


class CoinbaseDialect(Dialect):
    """Coinbase as a server: v3 counts by user, v2 by key, public reads by address."""

    id = "coinbase"
    hosts = ("rest",)
    style = KeyStyle(pair=key_pair)
    endpoints = {**market.ENDPOINTS, **wallets.ENDPOINTS, **derivatives.ENDPOINTS, **history.ENDPOINTS}
    untold = frozenset({"third_coin_fee", "margin_trade"})  # commissions are paid in the quote currency

    def accounts(self) -> list[AccountSpec]:
        """Return the standard accounts as they can be at Coinbase: no hedge mode, no coin-margined contracts."""
        return [_american(spec) for spec in standard_accounts(self.id, FIRST_UID, "LTC")]

    def key_of(self, request: WireRequest) -> str:
        """Return the key that the token names."""
        return api_key_of(request)

    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return a failure in the v3 envelope, a 401 in plain text."""
        codes = {401: "", 403: "PERMISSION_DENIED", 429: "resource_exhausted", 503: "UNAVAILABLE"}
        return refused(status, codes.get(status, "INTERNAL"), "refused on demand").answer

    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Admit the key, count the call, answer."""
        app = request.path.startswith("/v2/")
        try:
            endpoint, names = self._find(request)
            if endpoint is None:
                raise refused(404, "not_found" if app else "NOT_FOUND", "Not found", app=app)
            key = admit(request, site, anything=bool(endpoint.scope)) if endpoint.signed else None
            if key is None:
                bucket, limit = f"ip:{request.client_ip}", ADDRESS_LIMIT
            elif app:
                bucket, limit = f"key:{key.api_key}", APP_LIMIT
            else:
                bucket, limit = f"user:{key.uid}", USER_LIMIT
            verdict = site.limiter.count(f"{self.id}:{bucket}", 1, limit=limit, now=site.now())
            if verdict.retry_after and site.enforce_limits:
                code = "rate_limit_exceeded" if app else "resource_exhausted"
                raise refused(429, code, "rate limit exceeded", app=app)
            call = Call(site, key, {**request.params(), **names}, site.world.clock())
            left = {"x-ratelimit-limit": limit.units, "x-ratelimit-remaining": max(0, limit.units - verdict.used)}
            return Answer(200, endpoint.handler(call), {name: str(value) for name, value in left.items()})
        except RefusedError as refusal:
            return refusal.answer

    def _find(self, request: WireRequest) -> tuple[Endpoint | None, dict[str, str]]:
        """Return the endpoint of a path, and what fills the names of its template."""
        parts = request.path.split("/")
        for (method, template), endpoint in self.endpoints.items():
            names = template.split("/")
            if method == request.method and len(names) == len(parts):
                pairs = list(zip(names, parts, strict=True))
                if all(name == part or name.startswith("{") for name, part in pairs):
                    return endpoint, {name[1:-1]: part for name, part in pairs if name.startswith("{")}
        return None, {}


def _american(spec: AccountSpec) -> AccountSpec:
    opening = {
        wallet: {asset: amount for asset, amount in assets.items() if asset != "USDC"}
        for wallet, assets in spec.opening.items()
        if wallet in WALLETS
    }
    kept = [first for first in spec.first_positions if not first.inverse]
    longs = {first.base for first in kept if first.side is Side.LONG}
    first_positions = tuple(first for first in kept if first.side is Side.LONG or first.base not in longs)
    return replace(spec, opening=opening, first_positions=first_positions, hedged=False, quote_fees=True)


DIALECT = CoinbaseDialect()
