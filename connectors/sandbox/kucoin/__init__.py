"""The sandbox's KuCoin: classic accounts, one with a high-frequency trade wallet, and one that is unified."""

from dataclasses import replace

from connectors.sandbox.accounts import AccountSpec, standard_accounts
from connectors.sandbox.dialect import Call, Dialect, Site
from connectors.sandbox.keys import HEX, KeyStyle
from connectors.sandbox.kucoin import account, futures, history, market
from connectors.sandbox.kucoin.admission import admit
from connectors.sandbox.kucoin.common import HIGH_FREQUENCY, POOLS, UNIFIED, WINDOW_SECONDS, envelope, refused
from connectors.sandbox.limits import Limit
from connectors.sandbox.wire import Answer, RefusedError, WireRequest

FIRST_UID = 165_111_201
HF_UID, UNIFIED_UID = "165111240", "165111241"
COIN = "LTC"  # stands for the exchange's own coin, which the world does not price
LIMITED = ("429000", "Too many requests in a short period of time, please retry later")
INTERNAL = ("500000", "Internal Server Error")


class KucoinDialect(Dialect):
    """KuCoin as a server. An endpoint's scope is the pool its weight is taken from (per UID, public per address)."""

    id = "kucoin"
    hosts = ("spot", "futures")
    style = KeyStyle(alphabet=HEX, length=24, secret_alphabet=HEX, secret_length=36, passphrase=True)
    endpoints = {**market.ENDPOINTS, **account.ENDPOINTS, **futures.ENDPOINTS, **history.ENDPOINTS}
    # the futures book tells moves, and results by contract and period, and nothing else
    untold = frozenset({"rebate", "bonus", "adjustment", "settlement"})

    def accounts(self) -> list[AccountSpec]:
        """Return the standard accounts without fiat and earn, a high-frequency one, and a unified one."""
        standard = [_with_its_wallets(spec) for spec in standard_accounts(self.id, FIRST_UID, COIN, fiat=False)]
        spot = next(spec for spec in standard if spec.name == "spot")
        return [
            *standard,
            replace(spot, uid=HF_UID, name="hf", mode=HIGH_FREQUENCY),
            AccountSpec(UNIFIED_UID, self.id, "unified", mode=UNIFIED),
        ]

    def key_of(self, request: WireRequest) -> str:
        """Return the KC-API-KEY header."""
        return request.headers.get("kc-api-key", "")

    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return a failure in the exchange's envelope."""
        return refused(*(LIMITED if status == 429 else INTERNAL), status).answer

    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Admit the key, count the call, answer."""
        endpoint = self.endpoints.get((request.method, request.path))
        try:
            if endpoint is None:
                raise refused("404000", "Url Not Found", 404)
            key = admit(request, site) if endpoint.signed else None
            who = f"uid:{key.uid}" if key else f"ip:{request.client_ip}"
            headers = self._count(site, who, endpoint.scope, endpoint.weight)
            answer = envelope(endpoint.handler(Call(site, key, request.params(), site.world.clock())))
            answer.headers.update(headers)
            return answer
        except RefusedError as refusal:
            return refusal.answer

    def _count(self, site: Site, who: str, pool: str, weight: int) -> dict[str, str]:
        """Take a call's weight from its pool and return the headers that tell what is left.

        Raises:
            RefusedError: the pool is empty; the wait is told in milliseconds.
        """
        most = POOLS[pool]
        limit = Limit(most, window=WINDOW_SECONDS)
        verdict = site.limiter.count(f"{self.id}:{pool}:{who}", weight, limit=limit, now=site.now())
        headers = {
            "gw-ratelimit-limit": str(most),
            "gw-ratelimit-remaining": str(max(most - verdict.used, 0)),
            "gw-ratelimit-reset": str(WINDOW_SECONDS * 1000 - site.now_ms() % (WINDOW_SECONDS * 1000)),
        }
        if verdict.retry_after and site.enforce_limits:
            refusal = self.refusal(429, site.now_ms())
            refusal.headers.update(headers)
            raise RefusedError(refusal)
        return headers


def _with_its_wallets(spec: AccountSpec) -> AccountSpec:
    """Return the recipe without earn, and with commissions in the quote currency, as KuCoin takes them."""
    opening = {name: amounts for name, amounts in spec.opening.items() if name != "earn"}
    return replace(spec, opening=opening, quote_fees=True)


DIALECT = KucoinDialect()
