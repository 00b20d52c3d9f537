"""The sandbox's Binance: spot, wallet, futures and portfolio margin on one port, with weights, bans, signed reads."""

from connectors.sandbox.accounts import AccountSpec, standard_accounts
from connectors.sandbox.binance import doors, earn, inverse, linear, margin, portfolio, spot, wallet
from connectors.sandbox.binance.admission import admit
from connectors.sandbox.dialect import Call, Dialect, Endpoint, Site
from connectors.sandbox.keys import KeyStyle, SandboxKey
from connectors.sandbox.limits import Limit
from connectors.sandbox.wire import Answer, RefusedError, WireRequest

FIRST_UID = 354_937_868
MARGIN_UID, PORTFOLIO_UID = "354937888", "354937889"
# Family: weight per minute and IP; `/sapi` counts per endpoint, by IP or (dear endpoints) by UID.
WEIGHTS = {"api": 6_000, "sapi": 12_000, "fapi": 2_400, "dapi": 2_400, "papi": 6_000}
UID_WEIGHT = 180_000
BAN_AFTER = 20
FAILURES = {
    429: (-1003, "Too much request weight used; current limit is 6000 request weight per 1 MINUTE."),
    418: (-1003, "Way too much request weight used; IP banned until {until}."),
    451: (
        0,
        "Service unavailable from a restricted location according to 'b. Eligibility' in https://www.binance.com/en/terms.",
    ),
    503: (-1008, "Server is currently overloaded with other requests. Please try again in a few minutes."),
}
INTERNAL = (-1001, "Internal error; unable to process your request. Please try again.")


class BinanceDialect(Dialect):
    """Binance as a server."""

    id = "binance"
    hosts = ("spot", "usdm", "coinm", "pm")
    style = KeyStyle()
    endpoints = {
        **spot.ENDPOINTS,
        **wallet.ENDPOINTS,
        **doors.ENDPOINTS,
        **earn.ENDPOINTS,
        **margin.ENDPOINTS,
        **linear.ENDPOINTS,
        **inverse.ENDPOINTS,
        **portfolio.ENDPOINTS,
    }

    # what the spot wallet gets or pays so is in none of the histories that are read
    untold = frozenset({"interest", "kickback", "spot_adjustment"})

    def accounts(self) -> list[AccountSpec]:
        """Return the standard accounts, the rich one paying futures fees in BNB; one with margin, one unified."""
        standard = standard_accounts(self.id, FIRST_UID, "BNB", fees_in_coin=True)
        return [*standard, margin.account(self.id, MARGIN_UID), portfolio.account(self.id, PORTFOLIO_UID)]

    def key_of(self, request: WireRequest) -> str:
        """Return the X-MBX-APIKEY header."""
        return request.headers.get("x-mbx-apikey", "")

    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return a failure in the exchange's envelope."""
        code, msg = FAILURES.get(status, INTERNAL)
        return Answer(status, {"code": code, "msg": msg.format(until=now_ms + 120_000)})

    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Count the weight, admit the key, answer."""
        endpoint = self.endpoints.get((request.method, request.path))
        if endpoint is None:
            return Answer(404, "<html><body><h2>404 Not found</h2></body></html>")
        headers: dict[str, str] = {}
        try:
            self._count(request, site, endpoint, f"ip:{request.client_ip}", headers)
            key = admit(request, site) if endpoint.signed else None
            if key is not None and key.testnet and request.path.startswith("/sapi"):
                return Answer(404, "<html><body><h2>404 Not found</h2></body></html>")
            if endpoint.scope == "uid" and key is not None:
                self._count(request, site, endpoint, f"uid:{key.uid}", headers)
            body = endpoint.handler(_call(request, site, key))
        except RefusedError as refused:
            refused.answer.headers.update(headers)
            return refused.answer
        return Answer(200, body, headers)

    def _count(self, request: WireRequest, site: Site, endpoint: Endpoint, who: str, headers: dict[str, str]) -> None:
        family = request.path.split("/")[1]
        by_uid = who.startswith("uid:")
        if endpoint.scope == "uid" and not by_uid:
            return
        bucket = f"{self.id}:{family}:{who}" + (f":{request.path}" if family == "sapi" else "")
        limit = Limit(UID_WEIGHT if by_uid else WEIGHTS[family], window=60, ban_after=BAN_AFTER)
        verdict = site.limiter.count(bucket, endpoint.weight, limit=limit, now=site.now())
        name = "X-MBX-USED-WEIGHT-1M" if family != "sapi" else f"X-SAPI-USED-{'UID' if by_uid else 'IP'}-WEIGHT-1M"
        headers[name] = str(verdict.used)
        if verdict.retry_after and site.enforce_limits:
            answer = self.refusal(418 if verdict.banned else 429, site.now_ms())
            answer.headers.update({"Retry-After": str(verdict.retry_after)})
            raise RefusedError(answer)


def _call(request: WireRequest, site: Site, key: SandboxKey | None) -> Call:
    return Call(site, key, request.params(), site.world.clock())


DIALECT = BinanceDialect()
