"""The sandbox's Kraken: spot, what earns, and margin positions; a call counter per key and nonces that must grow."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from connectors.sandbox.accounts import AccountSpec, standard_accounts
from connectors.sandbox.dialect import Call, Dialect, Site
from connectors.sandbox.keys import KeyStyle
from connectors.sandbox.kraken import account, history, market
from connectors.sandbox.kraken.admission import admit, key_pair
from connectors.sandbox.kraken.common import refused
from connectors.sandbox.limits import Limit
from connectors.sandbox.wire import Answer, RefusedError, WireRequest
from connectors.types import Side

FIRST_UID = 730_518_401
COUNTER = Limit(15, window=45, falling=True)
PUBLIC = Limit(10, window=10)
FAILURES = {
    401: "EAPI:Invalid key",
    403: "EGeneral:Permission denied",
    429: "EAPI:Rate limit exceeded",
    503: "EService:Unavailable",
}


class KrakenDialect(Dialect):
    """Kraken spot as a server: every refusal is a success of HTTP. An endpoint's weight is what it adds to the counter.

    Without limits nonces rest too: a world that stands still has clients whose clocks do.
    """

    id = "kraken"
    hosts = ("rest",)
    style = KeyStyle(pair=key_pair)
    endpoints = {**market.ENDPOINTS, **account.ENDPOINTS, **history.ENDPOINTS}

    def accounts(self) -> list[AccountSpec]:
        """Return the standard accounts as they can be here: margin trades in the spot wallet, no other contracts."""
        return [_on_margin(spec) for spec in standard_accounts(self.id, FIRST_UID, "LTC", fiat=False)]

    def key_of(self, request: WireRequest) -> str:
        """Return the API-Key header."""
        return request.headers.get("api-key", "")

    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return a failure in the exchange's envelope."""
        answer = refused(FAILURES.get(status, "EGeneral:Internal error")).answer
        return replace(answer, status=status if status >= 500 else 200)

    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Admit the key, count the call, answer."""
        endpoint = self.endpoints.get((request.method, request.path))
        try:
            if endpoint is None:
                raise refused("EGeneral:Unknown method")
            key = admit(request, site, anything=bool(endpoint.scope)) if endpoint.signed else None
            bucket = f"key:{key.api_key}" if key else f"ip:{request.client_ip}:{request.path}"
            limit = COUNTER if key else PUBLIC
            verdict = site.limiter.count(f"{self.id}:{bucket}", endpoint.weight, limit=limit, now=site.now())
            if verdict.retry_after and site.enforce_limits:
                raise refused("EAPI:Rate limit exceeded")
            call = Call(site, key, request.params(), site.world.clock())
            return Answer(200, {"error": [], "result": endpoint.handler(call)})
        except RefusedError as refusal:
            return refusal.answer


def _on_margin(spec: AccountSpec) -> AccountSpec:
    kept = [first for first in spec.first_positions if not first.inverse]
    longs = {first.base for first in kept if first.side is Side.LONG}
    return replace(
        spec,
        opening=_opening(spec.opening),
        first_positions=tuple(first for first in kept if first.side is Side.LONG or first.base not in longs),
        hedged=False,
        linear="spot",
        fee_asset="USDT",
    )


def _opening(given: Mapping[str, Mapping[str, Decimal]]) -> dict[str, dict[str, Decimal]]:
    """Return the opening balances with the money for contracts in the spot wallet."""
    spot = dict(given.get("spot", {}))
    for asset, amount in given.get("futures_linear", {}).items():
        spot[asset] = spot.get(asset, Decimal(0)) + amount
    wallets = {"spot": spot, "earn": dict(given.get("earn", {}))}
    return {name: assets for name, assets in wallets.items() if assets}


DIALECT = KrakenDialect()
