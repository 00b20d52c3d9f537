"""The reads of Coinbase with their limits, and the facts that forms are drawn from."""

from connectors._reading import Endpoint
from connectors.types import Capability, CredentialField, ExchangeInfo, RateLimit, WalletKind

USER, KEY, PUBLIC = "v3_user", "v2_key", "v3_public"
V3 = "/api/v3/brokerage"

TIME = Endpoint("GET", f"{V3}/time", limit=PUBLIC, private=False)
PRODUCTS = Endpoint("GET", f"{V3}/market/products", limit=PUBLIC, private=False)
RATES = Endpoint("GET", "/v2/exchange-rates", limit=PUBLIC, private=False)
KEY_RIGHTS = Endpoint("GET", f"{V3}/key_permissions", limit=USER)
ACCOUNTS = Endpoint("GET", f"{V3}/accounts", limit=USER)
PORTFOLIOS = Endpoint("GET", f"{V3}/portfolios", limit=USER)
PORTFOLIO = Endpoint("GET", f"{V3}/portfolios/{{uuid}}", limit=USER)
CFM_BALANCE = Endpoint("GET", f"{V3}/cfm/balance_summary", limit=USER)
CFM_POSITIONS = Endpoint("GET", f"{V3}/cfm/positions", limit=USER)
FILLS = Endpoint("GET", f"{V3}/orders/historical/fills", limit=USER)
APP_ACCOUNTS = Endpoint("GET", "/v2/accounts", limit=KEY)
TRANSACTIONS = Endpoint("GET", "/v2/accounts/{id}/transactions", limit=KEY)
FIAT_DEPOSITS = Endpoint("GET", "/v2/accounts/{id}/deposits", limit=KEY)
FIAT_WITHDRAWALS = Endpoint("GET", "/v2/accounts/{id}/withdrawals", limit=KEY)

ALL = (
    TIME, PRODUCTS, RATES, KEY_RIGHTS, ACCOUNTS, PORTFOLIOS, PORTFOLIO, CFM_BALANCE, CFM_POSITIONS, FILLS,
    APP_ACCOUNTS, TRANSACTIONS, FIAT_DEPOSITS, FIAT_WITHDRAWALS,
)  # fmt: skip

INFO = ExchangeInfo(
    id="coinbase",
    name="Coinbase",
    docs_url="https://docs.cdp.coinbase.com/coinbase-app/introduction/welcome",
    key_page_url="https://portal.cdp.coinbase.com/projects/api-keys",
    credential_fields=(
        CredentialField(
            "api_key",
            secret=False,
            pattern=r"(organizations/[0-9a-f-]{36}/apiKeys/)?[0-9a-f-]{36}",
            usual_length=(36, 95),
        ),
        CredentialField("api_secret", multiline=True),
    ),
    capabilities=frozenset(Capability) - {Capability.CLOSED_POSITIONS},
    # coinbase_app is what a single v2 answer is booked to; reads of a whole account tell spot from vault. International
    # perpetuals (intx) are behind a gateway of their own: who has money there sees that they are not read
    wallets={
        "spot": WalletKind.SPOT,
        "cfm": WalletKind.FUTURES_LINEAR,
        "vault": WalletKind.EARN,
        "intx": WalletKind.FUTURES_LINEAR,
        "coinbase_app": WalletKind.SPOT,
    },
    has_testnet=False,
    key_facts=frozenset({"read", "trade", "transfer", "withdraw", "uid"}),
    quirks=(
        "One right covers deposits, sends and moves: a key with it counts as one that may withdraw.",
        "Whether a key is bound to addresses is not told.",
        "The row of USD that belongs to derivatives is counted there, not in spot.",
        "A plain 401 may be a bad key, the clock or the address; it is asked again once with a fresh token.",
        "For some EU accounts the history is hidden behind a second factor; that is an error, never zero.",
    ),
    rate_limits=(
        RateLimit(USER, 30, 1, "uid"),
        RateLimit(KEY, 10_000, 3_600, "key"),
        RateLimit(PUBLIC, 10, 1, "ip"),
    ),
    hosts={"rest": "https://api.coinbase.com"},
    history={"cfm": 0, "intx": 0},  # profits and funding of derivatives are told nowhere
)
