"""The reads of Bitget with their limits (calls a second per UID), and the facts that forms are drawn from."""

from connectors._reading import Endpoint
from connectors.types import Capability, CredentialField, ExchangeInfo, RateLimit, WalletKind

ONE, FIVE, TEN, TWENTY, PUBLIC = "uid_1", "uid_5", "uid_10", "uid_20", "ip"

TIME = Endpoint("GET", "/api/v2/public/time", limit=PUBLIC, private=False)
TICKERS = Endpoint("GET", "/api/v2/spot/market/tickers", limit=PUBLIC, private=False)
FUTURES_TICKERS = Endpoint("GET", "/api/v2/mix/market/tickers", limit=PUBLIC, private=False)
KEY_RIGHTS = Endpoint("GET", "/api/v2/spot/account/info", limit=ONE)
SPOT = Endpoint("GET", "/api/v2/spot/account/assets", limit=TEN)
FUNDING = Endpoint("GET", "/api/v2/account/funding-assets", limit=TEN)
MARGIN_CROSS = Endpoint("GET", "/api/v2/margin/crossed/account/assets", limit=TEN)
MARGIN_ISOLATED = Endpoint("GET", "/api/v2/margin/isolated/account/assets", limit=TEN)
OVERVIEW = Endpoint("GET", "/api/v2/account/all-account-balance", limit=ONE)
EARN = Endpoint("GET", "/api/v2/earn/account/assets", limit=TEN)
FUTURES = Endpoint("GET", "/api/v2/mix/account/accounts", limit=TEN)
POSITIONS = Endpoint("GET", "/api/v2/mix/position/all-position", limit=FIVE)
CLOSED = Endpoint("GET", "/api/v2/mix/position/history-position", limit=TWENTY)
FUTURES_BILLS = Endpoint("GET", "/api/v2/mix/account/bill", limit=TEN)
SPOT_BILLS = Endpoint("GET", "/api/v2/spot/account/bills", limit=TEN)
DEPOSITS = Endpoint("GET", "/api/v2/spot/wallet/deposit-records", limit=TEN)
WITHDRAWALS = Endpoint("GET", "/api/v2/spot/wallet/withdrawal-records", limit=TEN)
TRANSFERS = Endpoint("GET", "/api/v2/spot/account/transferRecords", limit=TWENTY)
MARGIN_CROSS_BILLS = Endpoint("GET", "/api/v2/margin/crossed/financial-records", limit=TEN)
MARGIN_ISOLATED_BILLS = Endpoint("GET", "/api/v2/margin/isolated/financial-records", limit=TEN)
U_SETTINGS = Endpoint("GET", "/api/v3/account/settings", limit=TWENTY)
U_KEY_RIGHTS = Endpoint("GET", "/api/v3/account/info", limit=FIVE)
U_ASSETS = Endpoint("GET", "/api/v3/account/assets", limit=TWENTY)
U_FUNDING = Endpoint("GET", "/api/v3/account/funding-assets", limit=TWENTY)
U_POSITIONS = Endpoint("GET", "/api/v3/position/current-position", limit=TWENTY)
U_CLOSED = Endpoint("GET", "/api/v3/position/history-position", limit=TWENTY)
U_RECORDS = Endpoint("GET", "/api/v3/account/financial-records", limit=TWENTY)
U_FUNDING_RECORDS = Endpoint("GET", "/api/v3/account/funding-financial-records", limit=TEN)
U_DEPOSITS = Endpoint("GET", "/api/v3/account/deposit-records", limit=TEN)
U_WITHDRAWALS = Endpoint("GET", "/api/v3/account/withdrawal-records", limit=TEN)

ALL = (
    TIME, TICKERS, FUTURES_TICKERS, KEY_RIGHTS, SPOT, FUNDING, MARGIN_CROSS, MARGIN_ISOLATED, OVERVIEW, EARN,
    FUTURES,
    POSITIONS, CLOSED, FUTURES_BILLS, SPOT_BILLS, DEPOSITS, WITHDRAWALS, TRANSFERS, MARGIN_CROSS_BILLS,
    MARGIN_ISOLATED_BILLS, U_SETTINGS, U_KEY_RIGHTS, U_ASSETS, U_FUNDING, U_POSITIONS, U_CLOSED, U_RECORDS,
    U_FUNDING_RECORDS, U_DEPOSITS, U_WITHDRAWALS,
)  # fmt: skip

PRODUCT_TYPES = {"USDT-FUTURES": "futures_linear", "USDC-FUTURES": "futures_linear", "COIN-FUTURES": "futures_inverse"}
# what the records of transfers call the wallets
TRANSFER_NAMES = {
    "spot": "spot", "funding": "p2p", "futures_inverse": "coin_futures", "futures_linear": "usdt_futures",
    "margin_cross": "crossed_margin", "margin_isolated": "isolated_margin",
}  # fmt: skip
CATEGORIES = ("SPOT", "MARGIN", *PRODUCT_TYPES, "OTHER")

INFO = ExchangeInfo(
    id="bitget",
    name="Bitget",
    docs_url="https://www.bitget.com/api-doc/common/intro",
    key_page_url="https://www.bitget.com/account/newapi",
    credential_fields=(
        CredentialField("api_key", secret=False, pattern=r"bg_[0-9a-f]+", usual_length=(35, 35)),
        CredentialField("api_secret", pattern=r"[0-9a-f]+", usual_length=(64, 64)),
        CredentialField("passphrase", usual_length=(8, 32)),
    ),
    capabilities=frozenset(Capability),
    wallets={
        "spot": WalletKind.SPOT,
        "funding": WalletKind.FUNDING,
        "earn": WalletKind.EARN,
        "bots": WalletKind.SPOT,
        "margin_cross": WalletKind.MARGIN,
        "margin_isolated": WalletKind.MARGIN,
        "futures_linear": WalletKind.FUTURES_LINEAR,
        "futures_inverse": WalletKind.FUTURES_INVERSE,
        "unified": WalletKind.UNIFIED,
    },
    has_testnet=True,
    modes=("classic", "unified"),
    key_facts=frozenset({"read", "trade", "transfer", "withdraw", "ip_restricted", "uid"}),
    # days that one question may span
    windows={"unified": 30, "spot": 90, "futures_linear": 30, "futures_inverse": 30, "deposits": 90, "withdrawals": 90},
    quirks=(
        "Reads of classic and unified accounts differ; the mode is asked first.",
        "A classic key tells rights by short codes: what they do not name is unknown.",
        "Futures are asked by product type, and all three are needed: USDT, USDC and coin-margined.",
        "Bots are known by their worth in USDT only; so is earn where the key may not read it coin by coin.",
        "Some times of spot rows are seconds; below 10^11 they count as such.",
        "Demo trading is a header on the same hosts.",
        "Bills of coins bought with fiat money or from other people count as deposits, of sold ones as withdrawals.",
    ),
    rate_limits=(
        RateLimit(ONE, 1, 1, "uid"),
        RateLimit(FIVE, 5, 1, "uid"),
        RateLimit(TEN, 10, 1, "uid"),
        RateLimit(TWENTY, 20, 1, "uid"),
        RateLimit(PUBLIC, 6_000, 60, "ip", pool=True, overall=True),
    ),
    hosts={"rest": "https://api.bitget.com"},
    testnet_hosts={"rest": "https://api.bitget.com"},
    # days kept by the exchange
    history=dict.fromkeys(
        (
            "spot",
            "funding",
            "earn",
            "bots",
            "margin_cross",
            "margin_isolated",
            "futures_linear",
            "futures_inverse",
            "unified",
        ),
        90,
    ),
)
