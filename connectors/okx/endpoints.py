"""The reads of OKX with their limits (per user id, public ones per address), and the facts forms are drawn from."""

from connectors._reading import Endpoint
from connectors.types import Capability, CredentialField, ExchangeInfo, RateLimit, WalletKind

UID_1S, UID_3S, UID_5S, UID_6S, UID_5, UID_10 = "uid_1/1s", "uid_3/1s", "uid_5/1s", "uid_6/1s", "uid_5/2s", "uid_10/2s"
IP_10, IP_20, IP_1 = "ip_10/2s", "ip_20/2s", "ip_1/5s"

TIME = Endpoint("GET", "/api/v5/public/time", limit=IP_10, private=False)
TICKERS = Endpoint("GET", "/api/v5/market/tickers", limit=IP_20, private=False)
INSTRUMENTS = Endpoint("GET", "/api/v5/public/instruments", limit=IP_20, private=False)
STATUS = Endpoint("GET", "/api/v5/system/status", limit=IP_1, private=False)
CONFIG = Endpoint("GET", "/api/v5/account/config", limit=UID_5)
BALANCE = Endpoint("GET", "/api/v5/account/balance", limit=UID_10)
POSITIONS = Endpoint("GET", "/api/v5/account/positions", limit=UID_10)
CLOSED = Endpoint("GET", "/api/v5/account/positions-history", limit=UID_10)
BILLS = Endpoint("GET", "/api/v5/account/bills", limit=UID_5S)
BILLS_ARCHIVE = Endpoint("GET", "/api/v5/account/bills-archive", limit=UID_5)
FUNDING = Endpoint("GET", "/api/v5/asset/balances", limit=UID_6S)
VALUATION = Endpoint("GET", "/api/v5/asset/asset-valuation", limit=UID_1S)
FUNDING_BILLS = Endpoint("GET", "/api/v5/asset/bills", limit=UID_6S)
FUNDING_ARCHIVE = Endpoint("GET", "/api/v5/asset/bills-history", limit=UID_1S)
DEPOSITS = Endpoint("GET", "/api/v5/asset/deposit-history", limit=UID_6S)
WITHDRAWALS = Endpoint("GET", "/api/v5/asset/withdrawal-history", limit=UID_6S)
SAVINGS = Endpoint("GET", "/api/v5/finance/savings/balance", limit=UID_6S)
STAKING = Endpoint("GET", "/api/v5/finance/staking-defi/orders-active", limit=UID_3S)

ALL = (
    TIME, TICKERS, INSTRUMENTS, STATUS, CONFIG, BALANCE, POSITIONS, CLOSED, BILLS, BILLS_ARCHIVE, FUNDING, VALUATION,
    FUNDING_BILLS, FUNDING_ARCHIVE, DEPOSITS, WITHDRAWALS, SAVINGS, STAKING,
)  # fmt: skip

# which host serves the accounts of a site
SITES = {"global": "rest", "eea": "eea", "us": "us"}
HOSTS = {"rest": "https://www.okx.com", "eea": "https://eea.okx.com", "us": "https://us.okx.com"}

INFO = ExchangeInfo(
    id="okx",
    name="OKX",
    docs_url="https://www.okx.com/docs-v5/en/",
    key_page_url="https://www.okx.com/account/my-api",
    credential_fields=(
        CredentialField("api_key", secret=False, pattern=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        CredentialField("api_secret", pattern=r"[0-9A-Fa-f]+", usual_length=(32, 32)),
        CredentialField("passphrase", usual_length=(8, 32)),
        CredentialField("site", kind="choice", secret=False, choices=tuple(SITES), default="global"),
    ),
    capabilities=frozenset(Capability),
    wallets={"trading": WalletKind.UNIFIED, "funding": WalletKind.FUNDING, "earn": WalletKind.EARN},
    has_testnet=True,
    modes=("unified", "portfolio_margin"),
    key_facts=frozenset({"read", "trade", "transfer", "withdraw", "ip_restricted", "uid"}),
    quirks=(
        "The trading account's equity holds unrealised P&L, isolated margin and bots.",
        "Bills of the last seven days and of three months are two lists; bills since 2021 come as files only.",
        "Moving funds between own accounts needs the right to trade.",
        "A key that may trade or withdraw and is bound to no address ends after 14 days without use.",
        "Keys belong to one site (global, EEA, US). Demo trading is a header on the same hosts and has no earn.",
    ),
    rate_limits=(
        RateLimit(UID_1S, 1, 1, "uid"),
        RateLimit(UID_3S, 3, 1, "uid"),
        RateLimit(UID_5S, 5, 1, "uid"),
        RateLimit(UID_6S, 6, 1, "uid"),
        RateLimit(UID_5, 5, 2, "uid"),
        RateLimit(UID_10, 10, 2, "uid"),
        RateLimit(IP_10, 10, 2, "ip"),
        RateLimit(IP_20, 20, 2, "ip"),
        RateLimit(IP_1, 1, 5, "ip"),
    ),
    hosts=HOSTS,
    testnet_hosts=HOSTS,  # demo trading is a header on the same hosts
    # days kept by the exchange
    history={"trading": 90, "funding": 365, "earn": 365},
)
