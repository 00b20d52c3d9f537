"""The sandbox's Bitget: classic accounts on `/api/v2`, a unified one on `/api/v3`, limits per endpoint and UID."""

from dataclasses import replace
from decimal import Decimal

from connectors.sandbox.accounts import AccountSpec, standard_accounts, unified_account
from connectors.sandbox.bitget import classic, history, market, unified
from connectors.sandbox.bitget.admission import admit
from connectors.sandbox.bitget.common import envelope, refused
from connectors.sandbox.dialect import Call, Dialect, Site
from connectors.sandbox.keys import HEX, KeyStyle
from connectors.sandbox.limits import Limit
from connectors.sandbox.wire import Answer, RefusedError, WireRequest

FIRST_UID = 8_710_042_311
UNIFIED_UID = "8710042390"
ADDRESS_LIMIT = Limit(6_000, window=60, ban_after=0, ban_seconds=300)
FAILURES = {
    429: ("429", "Too Many Requests"),
    400: ("40200", "Server upgrade, please try again later"),
    200: ("40200", "Server upgrade, please try again later"),
}
INTERNAL = ("40725", "service return an error")
CLASSIC_ONLY = "You are in Classic Account mode, and the Unified Account API is not supported at this time"
UNIFIED_ONLY = "You are in Unified Account mode, and the Classic Account API is not supported at this time"


class BitgetDialect(Dialect):
    """Bitget as a server. An endpoint's weight is its calls per second (per UID, public ones per address)."""

    id = "bitget"
    hosts = ("rest",)
    style = KeyStyle(prefix="bg_", alphabet=HEX, length=32, secret_alphabet=HEX, secret_length=64, passphrase=True)
    endpoints = {**market.ENDPOINTS, **classic.ENDPOINTS, **history.ENDPOINTS, **unified.ENDPOINTS}

    def accounts(self) -> list[AccountSpec]:
        """Return the standard accounts without fiat, the rich one with margin wallets, and a unified one."""
        rich, *others = standard_accounts(self.id, FIRST_UID, "BGB", fiat=False)
        more = {"margin_cross": {"USDT": Decimal(300)}, "margin_isolated": {"BTC": Decimal("0.01")}}
        unified = unified_account(self.id, UNIFIED_UID, "BGB")
        return [replace(rich, opening={**rich.opening, **more}), *others, unified]

    def key_of(self, request: WireRequest) -> str:
        """Return the ACCESS-KEY header."""
        return request.headers.get("access-key", "")

    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return a failure in the exchange's envelope."""
        code, msg = FAILURES.get(status, INTERNAL)
        return refused(code, msg, now_ms, status).answer

    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Count the call, admit the key, answer."""
        endpoint = self.endpoints.get((request.method, request.path))
        try:
            self._count(site, f"ip:{request.client_ip}", ADDRESS_LIMIT)
            if endpoint is None:
                raise refused("40404", "Request URL NOT FOUND", site.now_ms(), 404)
            key = admit(request, site) if endpoint.signed else None
            who = f"uid:{key.uid}" if key else f"ip:{request.client_ip}"
            self._count(site, f"{request.path}:{who}", Limit(endpoint.weight, window=1))
            call = Call(site, key, request.params(), site.world.clock())
            self._check_mode(call, request.path)
            return Answer(200, envelope(endpoint.handler(call), site.now_ms()))
        except RefusedError as refusal:
            return refusal.answer

    def _count(self, site: Site, bucket: str, limit: Limit) -> None:
        verdict = site.limiter.count(f"{self.id}:{bucket}", 1, limit=limit, now=site.now())
        if verdict.retry_after and site.enforce_limits:
            raise RefusedError(self.refusal(429, site.now_ms()))

    def _check_mode(self, call: Call, path: str) -> None:
        if call.key is None:
            return
        is_unified = call.account.mode == "unified"
        if is_unified and path.startswith("/api/v2/"):
            raise refused("40085", UNIFIED_ONLY, call.site.now_ms())
        if not is_unified and path.startswith("/api/v3/"):
            raise refused("40084", CLASSIC_ONLY, call.site.now_ms())


DIALECT = BitgetDialect()
