"""The sandbox's Bybit: unified accounts of both generations and a classic one, limits per endpoint and UID."""

from dataclasses import replace
from decimal import Decimal

from connectors.sandbox.accounts import AccountSpec, standard_accounts
from connectors.sandbox.bybit import account, funding, history, market
from connectors.sandbox.bybit.admission import admit
from connectors.sandbox.bybit.common import CLASSIC, FIRST_GENERATION, UNIFIED, envelope, refused
from connectors.sandbox.dialect import Call, Dialect, Endpoint, Site
from connectors.sandbox.keys import KeyStyle
from connectors.sandbox.limits import Limit
from connectors.sandbox.wire import Answer, RefusedError, WireRequest

FIRST_UID = 533_285_610
FIRST_GENERATION_UID, CLASSIC_UID = "533285630", "533285631"
OWN_COIN = "AVAX"
ADDRESS_LIMIT = Limit(600, window=5, ban_after=0, ban_seconds=600)
TOO_FREQUENT = "403, access too frequent"
INTERNAL = (10016, "Server error.")


class BybitDialect(Dialect):
    """Bybit as a server. An endpoint's weight is its calls per second (or per minute) and UID; public ones are free."""

    id = "bybit"
    hosts = ("rest",)
    style = KeyStyle(length=18, secret_length=36)
    endpoints = {**market.ENDPOINTS, **account.ENDPOINTS, **history.ENDPOINTS, **funding.ENDPOINTS}

    def accounts(self) -> list[AccountSpec]:
        """Return the standard accounts as unified ones, and the rich one in the two older modes."""
        standard = standard_accounts(self.id, FIRST_UID, OWN_COIN)
        rich = standard[0]
        return [
            *(unified(spec) for spec in standard),
            _first_generation(unified(rich)),
            replace(rich, uid=CLASSIC_UID, name=CLASSIC),
        ]

    def key_of(self, request: WireRequest) -> str:
        """Return the X-BAPI-API-KEY header."""
        return request.headers.get("x-bapi-api-key", "")

    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return a failure: an envelope within HTTP 200, else nothing but the status."""
        if status == 200:
            return refused(*INTERNAL, now_ms).answer
        return Answer(status, TOO_FREQUENT if status == 403 else "")

    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Count the call, admit the key, answer."""
        endpoint = self.endpoints.get((request.method, request.path))
        try:
            self._count_address(request, site)
            if endpoint is None:
                raise RefusedError(Answer(404, ""))
            key = admit(request, site) if endpoint.signed else None
            headers = self._count_account(request.path, endpoint, key.uid, site) if key else {}
            call = Call(site, key, request.params(), site.world.clock())
            return Answer(200, envelope(endpoint.handler(call), site.now_ms()), headers)
        except RefusedError as refusal:
            return refusal.answer

    def _count_address(self, request: WireRequest, site: Site) -> None:
        verdict = site.limiter.count(f"{self.id}:ip:{request.client_ip}", 1, limit=ADDRESS_LIMIT, now=site.now())
        if verdict.retry_after and site.enforce_limits:
            raise RefusedError(Answer(403, TOO_FREQUENT))

    def _count_account(self, path: str, endpoint: Endpoint, uid: str, site: Site) -> dict[str, str]:
        limit = Limit(endpoint.weight, window=60 if endpoint.scope == "minute" else 1)
        verdict = site.limiter.count(f"{self.id}:{path}:uid:{uid}", 1, limit=limit, now=site.now())
        now = site.now_ms()
        headers = {
            "X-Bapi-Limit": str(limit.units),
            "X-Bapi-Limit-Status": str(max(0, limit.units - verdict.used)),
            "X-Bapi-Limit-Reset-Timestamp": str(now + verdict.retry_after * 1000),
        }
        if verdict.retry_after and site.enforce_limits:
            answer = refused(10006, "Too many visits!", now).answer
            raise RefusedError(Answer(answer.status, answer.body, headers))
        return headers


def _first_generation(rich: AccountSpec) -> AccountSpec:
    """Return a unified account of the first generation, that owes a loan against its collateral."""
    opening = {**rich.opening, "loans": {"USDT": Decimal(700), "BTC": Decimal("-0.003")}}
    return replace(rich, uid=FIRST_GENERATION_UID, name=FIRST_GENERATION, mode=FIRST_GENERATION, opening=opening)


def unified(spec: AccountSpec) -> AccountSpec:
    """Return an account whose spot and linear wallets are one; inverse contracts lie in a purse of their own here."""
    purse: dict[str, Decimal] = {}
    for wallet in (spec.spot, spec.linear):
        for asset, amount in spec.opening.get(wallet, {}).items():
            purse[asset] = purse.get(asset, Decimal(0)) + amount
    others = {wallet: assets for wallet, assets in spec.opening.items() if wallet not in (spec.spot, spec.linear)}
    return replace(spec, opening={UNIFIED: purse, **others}, mode=UNIFIED, spot=UNIFIED, linear=UNIFIED)


DIALECT = BybitDialect()
