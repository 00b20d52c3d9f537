"""The sandbox's Kraken futures: cash, single- and multi-collateral wallets behind keys of their own."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from connectors.sandbox.accounts import AccountSpec, standard_accounts
from connectors.sandbox.dialect import Call, Dialect, Site
from connectors.sandbox.keys import KeyStyle
from connectors.sandbox.krakenfutures import account, history, market
from connectors.sandbox.krakenfutures.admission import admit, key_pair
from connectors.sandbox.krakenfutures.common import refused
from connectors.sandbox.limits import Limit
from connectors.sandbox.prices import TINY, UNLISTED
from connectors.sandbox.wire import Answer, RefusedError, WireRequest
from connectors.types import Side

FIRST_UID = 840_629_501
DERIVATIVES, HISTORY = Limit(500, window=10), Limit(100, window=600)
FAILURES = {
    401: "authenticationError",
    403: "EGeneral:Permission denied",
    429: "apiLimitExceeded",
    503: "Unavailable",
}


class KrakenFuturesDialect(Dialect):
    """Kraken futures as a server; an endpoint's weight is its cost, larger pages of the history cost more."""

    id = "krakenfutures"
    hosts = ("rest",)
    style = KeyStyle(pair=key_pair)
    endpoints = {**market.ENDPOINTS, **account.ENDPOINTS, **history.ENDPOINTS}

    def accounts(self) -> list[AccountSpec]:
        """Return the standard accounts as they can be here: no spot trades, cash beside two kinds of margin."""
        return [_futures_only(spec) for spec in standard_accounts(self.id, FIRST_UID, "LTC", fiat=False)]

    def key_of(self, request: WireRequest) -> str:
        """Return the APIKey header."""
        return request.headers.get("apikey", "")

    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return a failure in the exchange's envelope."""
        return refused(FAILURES.get(status, "Server Error"), status).answer

    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Admit the key, count the call, answer."""
        endpoint = self.endpoints.get((request.method, request.path))
        try:
            if endpoint is None:
                raise refused("Not Found", 404)
            key = admit(request, site) if endpoint.signed else None
            call = Call(site, key, request.params(), site.world.clock())
            past = request.path.startswith("/api/history/")
            who, limit = (f"uid:{key.uid}" if key else f"ip:{request.client_ip}"), HISTORY if past else DERIVATIVES
            cost = history.cost(call) if past else endpoint.weight
            bucket = f"{self.id}:{'history' if past else 'derivatives'}:{who}"
            verdict = site.limiter.count(bucket, cost, limit=limit, now=site.now())
            if verdict.retry_after and site.enforce_limits:
                refusal = refused("apiLimitExceeded", 429)
                refusal.answer.headers = {"rate-limit-reset": str(verdict.retry_after)} if past else {}
                raise refusal
            return Answer(200, endpoint.handler(call))
        except RefusedError as refusal:
            return refusal.answer


def _futures_only(spec: AccountSpec) -> AccountSpec:
    longs = {first.base for first in spec.first_positions if first.side is Side.LONG and not first.inverse}
    kept = [
        first for first in spec.first_positions if first.inverse or first.side is Side.LONG or first.base not in longs
    ]
    return replace(
        spec,
        opening=_opening(spec.opening),
        habits=replace(spec.habits, spot_trades=0, rewards=False),
        first_positions=tuple(kept),
        locked={},
        hedged=False,
        fee_asset="USDT",
        spot="cash",
    )


def _opening(given: Mapping[str, Mapping[str, Decimal]]) -> dict[str, dict[str, Decimal]]:
    names = {"spot": "cash", "futures_linear": "futures_linear", "futures_inverse": "futures_inverse"}
    strange = {*TINY, UNLISTED}
    return {
        ours: {asset: amount for asset, amount in given[wallet].items() if asset not in strange}
        for wallet, ours in names.items()
        if wallet in given
    }


DIALECT = KrakenFuturesDialect()
