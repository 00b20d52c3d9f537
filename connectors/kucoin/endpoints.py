"""The reads of KuCoin with what they cost, and the facts that forms are drawn from."""

from connectors._reading import Endpoint
from connectors.types import Capability, CredentialField, ExchangeInfo, RateLimit, WalletKind

SPOT_POOL, FUTURES_POOL, MANAGEMENT, UNIFIED_POOL, PUBLIC = "spot", "futures", "management", "unified", "public"

TIME = Endpoint("GET", "/api/v1/timestamp", "spot", 3, PUBLIC, private=False)
TICKERS = Endpoint("GET", "/api/v1/market/allTickers", "spot", 15, PUBLIC, private=False)
CONTRACTS = Endpoint("GET", "/api/v1/contracts/active", "futures", 3, PUBLIC, private=False)
MODE = Endpoint("GET", "/api/ua/v1/account/mode", "spot", 30, UNIFIED_POOL)
KEY_RIGHTS = Endpoint("GET", "/api/v1/user/api-key", "spot", 20, MANAGEMENT)
HF_OPENED = Endpoint("GET", "/api/v1/hf/accounts/opened", "spot", 30, SPOT_POOL)
ACCOUNTS = Endpoint("GET", "/api/v1/accounts", "spot", 5, MANAGEMENT)
MARGIN_CROSS = Endpoint("GET", "/api/v3/margin/accounts", "spot", 15, SPOT_POOL)
MARGIN_ISOLATED = Endpoint("GET", "/api/v3/isolated/accounts", "spot", 15, SPOT_POOL)
FUTURES = Endpoint("GET", "/api/v1/account-overview", "futures", 5, FUTURES_POOL)
POSITIONS = Endpoint("GET", "/api/v1/positions", "futures", 2, FUTURES_POOL)
CLOSED = Endpoint("GET", "/api/v1/history-positions", "futures", 2, FUTURES_POOL)
LEDGER = Endpoint("GET", "/api/v1/accounts/ledgers", "spot", 2, MANAGEMENT)
HF_LEDGER = Endpoint("GET", "/api/v1/hf/accounts/ledgers", "spot", 2, SPOT_POOL)
MARGIN_LEDGER = Endpoint("GET", "/api/v3/hf/margin/account/ledgers", "spot", 2, SPOT_POOL)
FUTURES_LEDGER = Endpoint("GET", "/api/v1/transaction-history", "futures", 2, FUTURES_POOL)
FUNDING = Endpoint("GET", "/api/v1/funding-history", "futures", 5, FUTURES_POOL)
DEPOSITS = Endpoint("GET", "/api/v1/deposits", "spot", 5, MANAGEMENT)
WITHDRAWALS = Endpoint("GET", "/api/v1/withdrawals", "spot", 20, MANAGEMENT)

ALL = (
    TIME, TICKERS, CONTRACTS, MODE, KEY_RIGHTS, HF_OPENED, ACCOUNTS, MARGIN_CROSS, MARGIN_ISOLATED, FUTURES, POSITIONS,
    CLOSED, LEDGER, HF_LEDGER, MARGIN_LEDGER, FUTURES_LEDGER, FUNDING, DEPOSITS, WITHDRAWALS,
)  # fmt: skip

KEPT_DAYS, HF_KEPT_DAYS, CLOSED_KEPT_DAYS = 365, 3, 90
WINDOW_SECONDS = 30  # the lowest level's units in each pool

INFO = ExchangeInfo(
    id="kucoin",
    name="KuCoin",
    docs_url="https://www.kucoin.com/docs-new",
    key_page_url="https://www.kucoin.com/account/api",
    credential_fields=(
        CredentialField("api_key", secret=False, pattern=r"[0-9a-f]{24}", usual_length=(24, 24)),
        CredentialField("api_secret", pattern=r"[0-9a-f-]{36}", usual_length=(36, 36)),
        CredentialField("passphrase", usual_length=(7, 32)),
    ),
    capabilities=frozenset(Capability),
    wallets={
        "main": WalletKind.FUNDING,
        "trade": WalletKind.SPOT,
        "margin_cross": WalletKind.MARGIN,
        "margin_isolated": WalletKind.MARGIN,
        "futures_linear": WalletKind.FUTURES_LINEAR,
        "futures_inverse": WalletKind.FUTURES_INVERSE,
    },
    has_testnet=False,
    key_facts=frozenset({"read", "trade", "transfer", "withdraw", "ip_restricted", "uid"}),
    # days that one question may span
    windows={"main": 1, "trade": 1, "futures_linear": 1, "futures_inverse": 1, "closed_positions": 7},
    quirks=(
        "Unified accounts are refused: their money is told by reads of their own.",
        "The book of a high-frequency trade wallet, and that of margin, reaches three days back.",
        "Futures book results by contract and settlement period of eight hours: they come when it has ended.",
        "Results hold P&L, commissions and funding together; funding is taken out where the key may read it.",
        "KuCoin Earn is not read: its permission may also subscribe and redeem.",
        "Futures call bitcoin XBT; sizes are contracts, an inverse one is a US dollar.",
        "A general key may be refused on futures wallets; the permission that reads them may trade.",
    ),
    rate_limits=(
        RateLimit(SPOT_POOL, 4_000, WINDOW_SECONDS, "uid"),
        RateLimit(FUTURES_POOL, 2_000, WINDOW_SECONDS, "uid"),
        RateLimit(MANAGEMENT, 2_000, WINDOW_SECONDS, "uid"),
        RateLimit(UNIFIED_POOL, 2_000, WINDOW_SECONDS, "uid"),
        RateLimit(PUBLIC, 2_000, WINDOW_SECONDS, "ip"),
    ),
    hosts={"spot": "https://api.kucoin.com", "futures": "https://api-futures.kucoin.com"},
    # days kept by the exchange
    history={
        "main": KEPT_DAYS,
        "trade": KEPT_DAYS,
        "margin_cross": HF_KEPT_DAYS,
        "margin_isolated": HF_KEPT_DAYS,
        "futures_linear": KEPT_DAYS,
        "futures_inverse": KEPT_DAYS,
    },
)
