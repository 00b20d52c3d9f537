"""The sandbox's OKX: trading, funding and earn account, limits per endpoint and user, demo trading by a header."""

from connectors.sandbox.accounts import AccountSpec
from connectors.sandbox.dialect import Call, Dialect, Site
from connectors.sandbox.keys import HEX, KeyStyle
from connectors.sandbox.limits import Limit
from connectors.sandbox.okx import account, funding, history, market
from connectors.sandbox.okx.accounts import okx_accounts
from connectors.sandbox.okx.admission import admit
from connectors.sandbox.okx.common import envelope, refused
from connectors.sandbox.wire import Answer, RefusedError, WireRequest

LIMITED = ("50011", "Too Many Requests")
FAILURES = {429: LIMITED, 503: ("50001", "Service temporarily unavailable. Please try again later.")}
INTERNAL = ("50026", "System error. Try again later")


class OkxDialect(Dialect):
    """OKX as a server. An endpoint's weight is its calls per window, its scope the window's seconds."""

    id = "okx"
    hosts = ("rest", "eea", "us")
    style = KeyStyle(alphabet=HEX, length=32, secret_alphabet=HEX.upper(), secret_length=32, passphrase=True)
    endpoints = {**market.ENDPOINTS, **account.ENDPOINTS, **history.ENDPOINTS, **funding.ENDPOINTS}

    def accounts(self) -> list[AccountSpec]:
        """Return the standard accounts, spot and contracts in one account, and one with portfolio margin."""
        return okx_accounts()

    def key_of(self, request: WireRequest) -> str:
        """Return the OK-ACCESS-KEY header."""
        return request.headers.get("ok-access-key", "")

    def refusal(self, status: int, now_ms: int) -> Answer:
        """Return a failure in the exchange's envelope."""
        code, msg = FAILURES.get(status, INTERNAL)
        return refused(code, msg, status).answer

    def answer(self, request: WireRequest, site: Site) -> Answer:
        """Admit the key, count the call, answer."""
        endpoint = self.endpoints.get((request.method, request.path))
        try:
            if endpoint is None:
                raise refused("404", "Not Found", 404)
            key = admit(request, site) if endpoint.signed else None
            who = f"uid:{key.uid}" if key else f"ip:{request.client_ip}"
            limit = Limit(endpoint.weight, window=int(endpoint.scope or "2"))
            bucket = f"{self.id}:{request.path}:{who}"
            verdict = site.limiter.count(bucket, 1, limit=limit, now=site.now())
            if verdict.retry_after and site.enforce_limits:
                raise refused(*LIMITED, 429)
            return Answer(200, envelope(endpoint.handler(Call(site, key, request.params(), site.world.clock()))))
        except RefusedError as refusal:
            return refusal.answer


DIALECT = OkxDialect()
