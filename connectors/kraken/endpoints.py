"""The reads of Kraken spot with what they cost of a key's call counter, and the facts that forms are drawn from."""

from connectors._reading import Endpoint
from connectors.types import Capability, CredentialField, ExchangeInfo, RateLimit, WalletKind

COUNTER, PUBLIC = "key_counter", "ip"

TIME = Endpoint("GET", "/0/public/Time", limit=PUBLIC, private=False)
STATUS = Endpoint("GET", "/0/public/SystemStatus", limit=PUBLIC, private=False)
TICKERS = Endpoint("GET", "/0/public/Ticker", limit=PUBLIC, private=False)
PAIRS = Endpoint("GET", "/0/public/AssetPairs", limit=PUBLIC, private=False)
KEY_RIGHTS = Endpoint("POST", "/0/private/GetApiKeyInfo", limit=COUNTER)
BALANCE = Endpoint("POST", "/0/private/Balance", limit=COUNTER)
BALANCE_EX = Endpoint("POST", "/0/private/BalanceEx", limit=COUNTER)
TRADE_BALANCE = Endpoint("POST", "/0/private/TradeBalance", limit=COUNTER)
POSITIONS = Endpoint("POST", "/0/private/OpenPositions", limit=COUNTER)
EARN = Endpoint("POST", "/0/private/Earn/Allocations", limit=COUNTER)
LEDGERS = Endpoint("POST", "/0/private/Ledgers", weight=4, limit=COUNTER)
DEPOSITS = Endpoint("POST", "/0/private/DepositStatus", limit=COUNTER)
WITHDRAWALS = Endpoint("POST", "/0/private/WithdrawStatus", limit=COUNTER)

ALL = (
    TIME, STATUS, TICKERS, PAIRS, KEY_RIGHTS, BALANCE, BALANCE_EX, TRADE_BALANCE, POSITIONS, EARN, LEDGERS, DEPOSITS,
    WITHDRAWALS,
)  # fmt: skip

INFO = ExchangeInfo(
    id="kraken",
    name="Kraken",
    docs_url="https://docs.kraken.com/api",
    key_page_url="https://www.kraken.com/u/security/api",
    credential_fields=(
        CredentialField("api_key", secret=False, pattern=r"[A-Za-z0-9+/]+=*", usual_length=(56, 56)),
        CredentialField("api_secret", pattern=r"[A-Za-z0-9+/]+=*", usual_length=(88, 88)),
    ),
    capabilities=frozenset(Capability) - {Capability.CLOSED_POSITIONS},
    wallets={
        "spot": WalletKind.SPOT,
        "earn": WalletKind.EARN,
        "hold": WalletKind.SPOT,
        "margin": WalletKind.MARGIN,
    },
    has_testnet=False,
    key_facts=frozenset({"read", "trade", "transfer", "withdraw", "ip_restricted", "expires_at", "uid"}),
    quirks=(
        "Every signed request needs a number that only ever grows: give the dashboard a key of its own.",
        "Old asset and pair codes (XXBT, XXBTZUSD) are translated by the list of pairs, never cut.",
        "Ledger pages cost four times as much of the key's call counter as other reads.",
        "A move to futures appears in both ledgers, with different ids and times.",
        "There is no testnet.",
    ),
    # the counter of the lowest tier: at most 15, a third less every second
    rate_limits=(RateLimit(COUNTER, 15, 45, "key"), RateLimit(PUBLIC, 1, 1, "ip")),
    hosts={"rest": "https://api.kraken.com"},
)
