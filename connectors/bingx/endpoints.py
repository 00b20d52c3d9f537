"""The reads of BingX with their limits (calls a second by endpoint), and the facts that forms are drawn from."""

from connectors._reading import Endpoint
from connectors.types import Capability, CredentialField, ExchangeInfo, RateLimit, WalletKind

IP_1, IP_2, IP_3 = "ip_1", "ip_2", "ip_3"
UID_2, UID_5, UID_10 = "uid_2", "uid_5", "uid_10"  # no limit by address is published for these

TIME = Endpoint("GET", "/openApi/swap/v2/server/time", limit=IP_1, private=False)
TICKERS = Endpoint("GET", "/openApi/spot/v1/ticker/24hr", limit=IP_1, private=False)
SWAP_TICKERS = Endpoint("GET", "/openApi/swap/v2/quote/ticker", limit=IP_1, private=False)
SWAP_MARKS = Endpoint("GET", "/openApi/swap/v2/quote/premiumIndex", limit=IP_1, private=False)
COIN_TICKERS = Endpoint("GET", "/openApi/cswap/v1/market/ticker", limit=IP_1, private=False)
COIN_MARKS = Endpoint("GET", "/openApi/cswap/v1/market/premiumIndex", limit=IP_1, private=False)
COIN_CONTRACTS = Endpoint("GET", "/openApi/cswap/v1/market/contracts", limit=IP_1, private=False)
KEY_RIGHTS = Endpoint("GET", "/openApi/v1/account/apiPermissions", limit=UID_2)
KEY_LIST = Endpoint("GET", "/openApi/account/v1/apiKey/query", limit=UID_5)
UID = Endpoint("GET", "/openApi/account/v1/uid", limit=UID_2)
OVERVIEW = Endpoint("GET", "/openApi/account/v1/allAccountBalance", limit=IP_2)
SPOT = Endpoint("GET", "/openApi/spot/v1/account/balance", limit=IP_3)
FUNDING = Endpoint("GET", "/openApi/fund/v1/account/balance", limit=UID_2)
SWAP = Endpoint("GET", "/openApi/swap/v3/user/balance", limit=IP_3)
SWAP_POSITIONS = Endpoint("GET", "/openApi/swap/v2/user/positions", limit=IP_3)
POSITION_MODE = Endpoint("GET", "/openApi/swap/v1/positionSide/dual", limit=IP_2)
ASSET_MODE = Endpoint("GET", "/openApi/swap/v1/trade/assetMode", limit=IP_2)
INCOME = Endpoint("GET", "/openApi/swap/v2/user/income", limit=IP_2)
CLOSED = Endpoint("GET", "/openApi/swap/v1/trade/positionHistory", limit=IP_2)
COIN = Endpoint("GET", "/openApi/cswap/v1/user/balance", limit=IP_2)
COIN_POSITIONS = Endpoint("GET", "/openApi/cswap/v1/user/positions", limit=IP_2)
STANDARD = Endpoint("GET", "/openApi/contract/v1/balance", limit=IP_2)
STANDARD_POSITIONS = Endpoint("GET", "/openApi/contract/v1/allPosition", limit=IP_2)
DEPOSITS = Endpoint("GET", "/openApi/api/v3/capital/deposit/hisrec", limit=UID_10)
WITHDRAWALS = Endpoint("GET", "/openApi/api/v3/capital/withdraw/history", limit=UID_10)
TRANSFERS = Endpoint("GET", "/openApi/api/v3/asset/transferRecord", limit=IP_2)
USER_TRANSFERS = Endpoint("GET", "/openApi/wallets/v1/capital/innerTransfer/records", limit=IP_2)
ORDERS = Endpoint("GET", "/openApi/spot/v1/trade/historyOrders", limit=IP_2)
FILLS = Endpoint("GET", "/openApi/spot/v1/trade/myTrades", limit=IP_2)

ALL = (
    TIME, TICKERS, SWAP_TICKERS, SWAP_MARKS, COIN_TICKERS, COIN_MARKS, COIN_CONTRACTS, KEY_RIGHTS, KEY_LIST, UID,
    OVERVIEW, SPOT, FUNDING, SWAP, SWAP_POSITIONS, POSITION_MODE, ASSET_MODE, INCOME, CLOSED, COIN, COIN_POSITIONS,
    STANDARD, STANDARD_POSITIONS, DEPOSITS, WITHDRAWALS, TRANSFERS, USER_TRANSFERS, ORDERS,
    FILLS,
)  # fmt: skip

# account types of the overview that no other read tells of
WORTH_ONLY = {"earn": "eran", "grid": "grid", "copy_trading": "copyTrading", "c2c": "c2c"}
# the coins in which transfers with other users are looked for: the list is asked coin by coin
USER_COINS = ("USDT", "USDC")

INFO = ExchangeInfo(
    id="bingx",
    name="BingX",
    docs_url="https://bingx-api.github.io/docs",
    key_page_url="https://bingx.com/en/accounts/api",
    credential_fields=(
        CredentialField("api_key", secret=False, pattern=r"[A-Za-z0-9]+", usual_length=(50, 90)),
        CredentialField("api_secret", pattern=r"[A-Za-z0-9]+", usual_length=(50, 90)),
    ),
    capabilities=frozenset(Capability),
    wallets={
        "spot": WalletKind.SPOT,
        "funding": WalletKind.FUNDING,
        "futures_linear": WalletKind.FUTURES_LINEAR,
        "futures_inverse": WalletKind.FUTURES_INVERSE,
        "futures_standard": WalletKind.FUTURES_LINEAR,
        "earn": WalletKind.EARN,
        "grid": WalletKind.SPOT,
        "copy_trading": WalletKind.FUTURES_LINEAR,
        "c2c": WalletKind.FUNDING,
    },
    has_testnet=True,
    key_facts=frozenset({"read", "trade", "transfer", "withdraw", "ip_restricted", "uid"}),
    # days that one question may span
    windows={"spot": 7, "futures_linear": 30, "deposits": 89, "withdrawals": 89},
    quirks=(
        "Limits are the tightest of all: one to three calls a second from one address; own transfers take 20 calls.",
        "Coin-M and standard contracts have no ledger but own transfers; rewards paid into spot are told nowhere.",
        "Earn, grids, copies and C2C are known by their worth in USDT only, from the overview.",
        "The overview spells earn `eran`; `freezedMargin` and `sopt` are spelt that way too.",
        "Some asset names belong to other coins elsewhere (TRUMP, OMNI): priced by its own pairs first.",
        "Times of withdrawals are texts at +08:00. The demo account (VST, play money) has the USDT-M wallet only.",
    ),
    rate_limits=(
        RateLimit(IP_1, 1, 1, "ip"),
        RateLimit(IP_2, 2, 1, "ip"),
        RateLimit(IP_3, 3, 1, "ip"),
        RateLimit(UID_2, 2, 1, "uid"),
        RateLimit(UID_5, 5, 1, "uid"),
        RateLimit(UID_10, 10, 1, "uid"),
    ),
    hosts={"rest": "https://open-api.bingx.com"},
    # play money of the asset VST; USDT-M only
    testnet_hosts={"rest": "https://open-api-vst.bingx.com"},
    # days kept by the exchange; of spot, whose keeping is not published, as many are read
    history={"futures_linear": 90, "spot": 90, "funding": 90},
)
