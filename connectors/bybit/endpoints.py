"""The reads of Bybit with their limits, and the facts that forms are drawn from."""

from connectors._reading import Endpoint
from connectors.types import Capability, CredentialField, ExchangeInfo, RateLimit, WalletKind

IP = "ip"
FIVE, TEN, TWENTY_FIVE, THIRTY, FIFTY = "uid_5", "uid_10", "uid_25", "uid_30", "uid_50"
PER_MINUTE_60, PER_MINUTE_100, PER_MINUTE_300 = "uid_60_minute", "uid_100_minute", "uid_300_minute"

TIME = Endpoint("GET", "/v5/market/time", limit=IP, private=False)
TICKERS = Endpoint("GET", "/v5/market/tickers", limit=IP, private=False)
STATUS = Endpoint("GET", "/v5/system/status", limit=IP, private=False)
KEY = Endpoint("GET", "/v5/user/query-api", limit=TEN)
ACCOUNT = Endpoint("GET", "/v5/account/info", limit=FIFTY)
WALLET = Endpoint("GET", "/v5/account/wallet-balance", limit=FIFTY)
FUNDING = Endpoint("GET", "/v5/asset/transfer/query-account-coins-balance", limit=FIVE)
EARN = Endpoint("GET", "/v5/earn/position", limit=TEN)
EARN_FIXED = Endpoint("GET", "/v5/earn/fixed-term/position", limit=TEN)
OVERVIEW = Endpoint("GET", "/v5/asset/asset-overview", limit=FIFTY)
POSITIONS = Endpoint("GET", "/v5/position/list", limit=FIFTY)
CLOSED = Endpoint("GET", "/v5/position/closed-pnl", limit=FIFTY)
EXECUTIONS = Endpoint("GET", "/v5/execution/list", limit=FIFTY)
LOG = Endpoint("GET", "/v5/account/transaction-log", limit=TWENTY_FIVE)
CONTRACT_LOG = Endpoint("GET", "/v5/account/contract-transaction-log", limit=TWENTY_FIVE)
DEPOSITS = Endpoint("GET", "/v5/asset/deposit/query-record", limit=PER_MINUTE_100)
INTERNAL_DEPOSITS = Endpoint("GET", "/v5/asset/deposit/query-internal-record", limit=PER_MINUTE_100)
WITHDRAWALS = Endpoint("GET", "/v5/asset/withdraw/query-record", limit=PER_MINUTE_300)
HISTORY = Endpoint("GET", "/v5/asset/fundinghistory", limit=THIRTY)
TRANSFERS = Endpoint("GET", "/v5/asset/transfer/query-inter-transfer-list", limit=PER_MINUTE_60)
UNIVERSAL = Endpoint("GET", "/v5/asset/transfer/query-universal-transfer-list", limit=PER_MINUTE_60)

ALL = (
    TIME, TICKERS, STATUS, KEY, ACCOUNT, WALLET, FUNDING, EARN, EARN_FIXED, OVERVIEW, POSITIONS, CLOSED, LOG,
    EXECUTIONS, CONTRACT_LOG, DEPOSITS, INTERNAL_DEPOSITS, WITHDRAWALS, HISTORY, TRANSFERS, UNIVERSAL,
)  # fmt: skip

GLOBAL = "global"
# accounts and keys of a regional site exist only there
REGIONS = {
    "nl": "https://api.bybit.nl",
    "tr": "https://api.bybit.tr",
    "kz": "https://api.bybit.kz",
    "ge": "https://api.bybitgeorgia.ge",
    "ae": "https://api.bybit.ae",
    "eu": "https://api.bybit.eu",
    "id": "https://api.bybit.id",
    "jp": "https://api.manepa.jp",
}

INFO = ExchangeInfo(
    id="bybit",
    name="Bybit",
    docs_url="https://bybit-exchange.github.io/docs/v5/intro",
    key_page_url="https://www.bybit.com/app/user/api-management",
    credential_fields=(
        CredentialField("api_key", secret=False, pattern=r"[A-Za-z0-9]+", usual_length=(18, 18)),
        CredentialField("api_secret", usual_length=(36, 4000), multiline=True),
        CredentialField(
            "region", kind="choice", required=False, secret=False, choices=(GLOBAL, *REGIONS), default=GLOBAL
        ),
    ),
    capabilities=frozenset(Capability),
    wallets={
        "unified": WalletKind.UNIFIED,
        "funding": WalletKind.FUNDING,
        "earn": WalletKind.EARN,
        "bots": WalletKind.SPOT,
        "copy_trading": WalletKind.FUTURES_LINEAR,
        "contract": WalletKind.FUTURES_LINEAR,
        "spot": WalletKind.SPOT,
        "loans": WalletKind.MARGIN,
        "pay_later": WalletKind.MARGIN,
        "launchpool": WalletKind.EARN,
        "staked_margin": WalletKind.EARN,
        "tradfi": WalletKind.FUTURES_LINEAR,
        "alpha": WalletKind.SPOT,
    },
    has_testnet=True,
    modes=("classic", "unified", "portfolio_margin"),
    key_facts=frozenset({"read", "trade", "transfer", "withdraw", "ip_restricted", "expires_at", "uid"}),
    # days that one question may span
    windows={
        "unified": 7,
        "contract": 7,
        "spot": 7,
        "funding": 7,
        "closed_positions": 7,
        "deposits": 30,
        "withdrawals": 30,
    },
    quirks=(
        "The equity of a unified account holds unrealised P&L already.",
        "A read-only key still lists permissions; its read-only flag wins.",
        "A key that is bound to no address ends after about three months.",
        "Withdrawals are told to the key of a master account only.",
        "Numbers can be empty texts; internal deposits and the funding history count in seconds.",
    ),
    rate_limits=(
        RateLimit(IP, 600, 5, "ip", pool=True, overall=True),
        RateLimit(FIVE, 5, 1, "uid"),
        RateLimit(TEN, 10, 1, "uid"),
        RateLimit(TWENTY_FIVE, 25, 1, "uid"),
        RateLimit(THIRTY, 30, 1, "uid"),
        RateLimit(FIFTY, 50, 1, "uid"),
        RateLimit(PER_MINUTE_60, 60, 60, "uid"),
        RateLimit(PER_MINUTE_100, 100, 60, "uid"),
        RateLimit(PER_MINUTE_300, 300, 60, "uid"),
    ),
    hosts={"rest": "https://api.bybit.com", **REGIONS},
    testnet_hosts={"rest": "https://api-testnet.bybit.com"},
    # days kept by the exchange
    history={"unified": 730, "contract": 730, "funding": 730, "spot": 730},
)
