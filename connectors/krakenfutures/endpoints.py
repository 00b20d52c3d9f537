"""The reads of Kraken futures with what they cost, and the facts that forms are drawn from."""

from connectors._reading import Endpoint
from connectors.types import Capability, CredentialField, ExchangeInfo, RateLimit, WalletKind

DERIVATIVES, HISTORY, PUBLIC = "derivatives", "history", "ip"

TICKERS = Endpoint("GET", "/derivatives/api/v3/tickers", limit=PUBLIC, private=False)
KEY_RIGHTS = Endpoint("GET", "/api/auth/v1/api-keys/v3/check", limit=DERIVATIVES)
ACCOUNTS = Endpoint("GET", "/derivatives/api/v3/accounts", weight=2, limit=DERIVATIVES)
POSITIONS = Endpoint("GET", "/derivatives/api/v3/openpositions", weight=2, limit=DERIVATIVES)
LOG = Endpoint("GET", "/api/history/v3/account-log", weight=3, limit=HISTORY)

ALL = (TICKERS, KEY_RIGHTS, ACCOUNTS, POSITIONS, LOG)
SINGLE = ("xbtusd", "ethusd", "ltcusd", "xrpusd", "bchusd")

INFO = ExchangeInfo(
    id="krakenfutures",
    name="Kraken Futures",
    docs_url="https://docs.kraken.com/api/docs/futures-api",
    key_page_url="https://futures.kraken.com/trade/settings/api",
    credential_fields=(
        CredentialField("api_key", secret=False, pattern=r"[A-Za-z0-9+/]+=*", usual_length=(56, 56)),
        CredentialField("api_secret", pattern=r"[A-Za-z0-9+/]+=*", usual_length=(88, 88)),
    ),
    capabilities=frozenset(Capability) - {Capability.CLOSED_POSITIONS},
    # the wallets that are known by name; an answer may hold more of the last sort
    wallets={
        "futures_cash": WalletKind.SPOT,
        "futures_flex": WalletKind.FUTURES_LINEAR,
        **{f"futures_fi_{name}": WalletKind.FUTURES_INVERSE for name in SINGLE},
    },
    has_testnet=True,
    key_facts=frozenset({"read", "trade", "transfer", "withdraw", "ip_restricted", "uid"}),
    quirks=(
        "Its keys are not those of Kraken spot: it is an account of its own.",
        "Wallets appear with zeros even when they were never used.",
        "General access READ_ONLY with transfer NO_ACCESS is the key to make; transfer FULL_ACCESS is refused.",
        "Numbers are JSON numbers, read without rounding. The demo host has no account log.",
    ),
    rate_limits=(
        RateLimit(DERIVATIVES, 500, 10, "uid"),
        RateLimit(HISTORY, 100, 600, "uid"),
        RateLimit(PUBLIC, 500, 10, "ip"),
    ),
    hosts={"rest": "https://futures.kraken.com"},
    testnet_hosts={"rest": "https://demo-futures.kraken.com"},
)
