"""The sandbox's Gate.io: classic, unified and portfolio accounts on `/api/v4`, limits per endpoint and UID in 10 s."""

from dataclasses import replace
from decimal import Decimal

from connectors.sandbox.accounts import AccountSpec, standard_accounts, unified_account
from connectors.sandbox.dialect import Call, Dialect, Site
from connectors.sandbox.gateio import account, futures, history, market
from connectors.sandbox.gateio.admission import admit
from connectors.sandbox.gateio.common import refused
from connectors.sandbox.keys import HEX, KeyStyle
from connectors.sandbox.limits import Limit
from connectors.sandbox.wire import Answer, RefusedError, WireRequest

FIRST_UID = 16_670_021
UNIFIED_UID, PORTFOLIO_UID = "16670040", "16670041"
COIN = "LTC"  # stands for the exchange's own coin, which the world does not price
WINDOW_SECONDS = 10
FAILURES = {
    429: ("TOO_MANY_REQUESTS", "Request Rate limit Exceeded"),
    400: ("TOO_BUSY", "System is too busy at the moment. Please try again later"),
    200: ("TOO_BUSY", "System is too busy at the moment. Please try again later"),
}
INTERNAL = ("SERVER_ERROR", "Internal server error")


class GateioDialect(Dialect):
    """Gate.io as a server. An endpoint's weight is its calls in ten seconds (per UID, public ones per address)."""

    id = "gateio"
    hosts = ("rest",)
    style = KeyStyle(alphabet=HEX, length=32, secret_alphabet=HEX, secret_length=64)
    endpoints = {**market.ENDPOINTS, **account.ENDPOINTS, **futures.ENDPOINTS, **history.ENDPOINTS}

    def accounts(self) -> list[AccountSpec]:
        """Return the standard accounts without fiat and funding wallet, a unified and a portfolio one with earn."""
        unified = unified_account(self.id, UNIFIED_UID, COIN)
        opening = {"unified": unified.opening["unified"], "earn": {"USDT": Decimal(800), "BTC": Decimal("0.02")}}
        unified = replace(unified, opening=opening, mode="multi_currency")
        portfolio = replace(unified, uid=PORTFOLIO_UID, name="portfolio", mode="portfolio", hedged=True)
        standard = standard_accounts(self.id, FIRST_UID, COIN, fiat=False)
        return [*(_with_its_wallets(spec) for spec in standard), unified, portfolio]

    def key_of(self, request: WireRequest) -> str:
        """Return the KEY header."""
        return request.headers.get("key", "")

    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return a failure in the exchange's envelope."""
        return refused(*FAILURES.get(status, INTERNAL), status).answer

    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Admit the key, count the call, answer."""
        endpoint = self.endpoints.get((request.method, request.path))
        try:
            if endpoint is None:
                raise refused("NOT_FOUND", "The requested resource is not found", 404)
            key = admit(request, site) if endpoint.signed else None
            who = f"uid:{key.uid}" if key else f"ip:{request.client_ip}"
            headers = self._count(site, f"{request.path}:{who}", endpoint.weight)
            call = Call(site, key, request.params(), site.world.clock())
            return Answer(200, endpoint.handler(call), headers)
        except RefusedError as refusal:
            return refusal.answer

    def _count(self, site: Site, bucket: str, most: int) -> dict[str, str]:
        """Count one call and return the headers that tell about the limit.

        Raises:
            RefusedError: there were too many; no Retry-After, only the time of the reset.
        """
        limit = Limit(most, window=WINDOW_SECONDS)
        verdict = site.limiter.count(f"{self.id}:{bucket}", 1, limit=limit, now=site.now())
        second = site.now_ms() // 1000
        headers = {
            "X-Gate-RateLimit-Limit": str(most),
            "X-Gate-RateLimit-Requests-Remain": str(max(most - verdict.used, 0)),
            "X-Gate-RateLimit-Reset-Timestamp": str(second // WINDOW_SECONDS * WINDOW_SECONDS + WINDOW_SECONDS),
        }
        if verdict.retry_after and site.enforce_limits:
            refusal = self.refusal(429, site.now_ms())
            refusal.headers.update(headers)
            raise RefusedError(refusal)
        return headers


def _with_its_wallets(spec: AccountSpec) -> AccountSpec:
    """Return the recipe without what Gate.io does not have: a funding wallet, and perpetuals settled in USDC."""
    opening = {
        wallet: {asset: amount for asset, amount in row.items() if (wallet, asset) != ("futures_linear", "USDC")}
        for wallet, row in spec.opening.items()
        if wallet != "funding"
    }
    return replace(spec, opening=opening)


DIALECT = GateioDialect()
