"""The reads of Binance with their costs, and the facts that forms and jobs are drawn from."""

from connectors._reading import Endpoint
from connectors.types import Capability, CredentialField, ExchangeInfo, RateLimit, WalletKind

IP, SAPI, UM, CM, PM = "api", "sapi", "fapi", "dapi", "papi"
UID_WITHDRAWALS, UID_FIAT = "sapi_uid_withdrawals", "sapi_uid_fiat"  # /sapi counts by endpoint
UID_PAY, UID_CONVERT = "sapi_uid_pay", "sapi_uid_convert"

TIME = Endpoint("GET", "/api/v3/time", "spot", 1, IP, private=False)
TICKERS = Endpoint("GET", "/api/v3/ticker/price", "spot", 4, IP, private=False)
SYSTEM_STATUS = Endpoint("GET", "/sapi/v1/system/status", "spot", 1, SAPI, private=False)
SPOT_ACCOUNT = Endpoint("GET", "/api/v3/account", "spot", 20, IP)
RESTRICTIONS = Endpoint("GET", "/sapi/v1/account/apiRestrictions", "spot", 1, SAPI)
FEATURES = Endpoint("GET", "/sapi/v1/account/info", "spot", 1, SAPI)
FUNDING = Endpoint("POST", "/sapi/v1/asset/get-funding-asset", "spot", 1, SAPI)
EARN_FLEXIBLE = Endpoint("GET", "/sapi/v1/simple-earn/flexible/position", "spot", 150, SAPI)
EARN_LOCKED = Endpoint("GET", "/sapi/v1/simple-earn/locked/position", "spot", 150, SAPI)
MARGIN_CROSS = Endpoint("GET", "/sapi/v1/margin/account", "spot", 10, SAPI)
MARGIN_ISOLATED = Endpoint("GET", "/sapi/v1/margin/isolated/account", "spot", 10, SAPI)
DEPOSITS = Endpoint("GET", "/sapi/v1/capital/deposit/hisrec", "spot", 1, SAPI)
WITHDRAWALS = Endpoint("GET", "/sapi/v1/capital/withdraw/history", "spot", 18_000, UID_WITHDRAWALS)
FIAT_ORDERS = Endpoint("GET", "/sapi/v1/fiat/orders", "spot", 90_000, UID_FIAT)
DIVIDENDS = Endpoint("GET", "/sapi/v1/asset/assetDividend", "spot", 10, SAPI)
TRANSFERS = Endpoint("GET", "/sapi/v1/asset/transfer", "spot", 1, SAPI)
SUBSCRIPTIONS = Endpoint("GET", "/sapi/v1/simple-earn/flexible/history/subscriptionRecord", "spot", 150, SAPI)
REDEMPTIONS = Endpoint("GET", "/sapi/v1/simple-earn/flexible/history/redemptionRecord", "spot", 150, SAPI)
LOCKED_SUBSCRIPTIONS = Endpoint("GET", "/sapi/v1/simple-earn/locked/history/subscriptionRecord", "spot", 150, SAPI)
LOCKED_REDEMPTIONS = Endpoint("GET", "/sapi/v1/simple-earn/locked/history/redemptionRecord", "spot", 150, SAPI)
LOANS = Endpoint("GET", "/sapi/v2/loan/flexible/ongoing/orders", "spot", 300, SAPI)
OVERVIEW = Endpoint("GET", "/sapi/v1/asset/wallet/balance", "spot", 60, SAPI)
P2P = Endpoint("GET", "/sapi/v1/c2c/orderMatch/listUserOrderHistory", "spot", 1, SAPI)
PAY = Endpoint("GET", "/sapi/v1/pay/transactions", "spot", 3_000, UID_PAY)
PAYMENTS = Endpoint("GET", "/sapi/v1/fiat/payments", "spot", 1, SAPI)
CONVERSIONS = Endpoint("GET", "/sapi/v1/convert/tradeFlow", "spot", 3_000, UID_CONVERT)
SUB_TRANSFERS = Endpoint("GET", "/sapi/v1/sub-account/transfer/subUserHistory", "spot", 1, SAPI)
SPOT_TRADES = Endpoint("GET", "/api/v3/myTrades", "spot", 20, IP)
MARGIN_TRADES = Endpoint("GET", "/sapi/v1/margin/myTrades", "spot", 10, SAPI)
UM_ACCOUNT = Endpoint("GET", "/fapi/v3/account", "usdm", 5, UM)
UM_POSITIONS = Endpoint("GET", "/fapi/v3/positionRisk", "usdm", 5, UM)
UM_SYMBOLS = Endpoint("GET", "/fapi/v1/symbolConfig", "usdm", 5, UM)
UM_MARKS = Endpoint("GET", "/fapi/v1/premiumIndex", "usdm", 10, UM, private=False)
UM_INCOME = Endpoint("GET", "/fapi/v1/income", "usdm", 30, UM)
CM_ACCOUNT = Endpoint("GET", "/dapi/v1/account", "coinm", 5, CM)
CM_POSITIONS = Endpoint("GET", "/dapi/v1/positionRisk", "coinm", 1, CM)
CM_MARKS = Endpoint("GET", "/dapi/v1/premiumIndex", "coinm", 10, CM, private=False)
CM_INCOME = Endpoint("GET", "/dapi/v1/income", "coinm", 20, CM)
CM_CONTRACTS = Endpoint("GET", "/dapi/v1/exchangeInfo", "coinm", 1, CM, private=False)
PM_ACCOUNT = Endpoint("GET", "/papi/v1/account", "pm", 20, PM)
PM_BALANCE = Endpoint("GET", "/papi/v1/balance", "pm", 20, PM)
PM_UM_POSITIONS = Endpoint("GET", "/papi/v1/um/positionRisk", "pm", 5, PM)
PM_CM_POSITIONS = Endpoint("GET", "/papi/v1/cm/positionRisk", "pm", 1, PM)
PM_TRADES = Endpoint("GET", "/papi/v1/margin/myTrades", "pm", 5, PM)
PM_UM_INCOME = Endpoint("GET", "/papi/v1/um/income", "pm", 30, PM)
PM_CM_INCOME = Endpoint("GET", "/papi/v1/cm/income", "pm", 30, PM)

ALL = (
    TIME, TICKERS, SYSTEM_STATUS, SPOT_ACCOUNT, RESTRICTIONS, FEATURES, FUNDING, EARN_FLEXIBLE, EARN_LOCKED,
    MARGIN_CROSS, MARGIN_ISOLATED, DEPOSITS, WITHDRAWALS, FIAT_ORDERS, DIVIDENDS, UM_ACCOUNT, UM_POSITIONS, UM_SYMBOLS,
    UM_INCOME, CM_ACCOUNT, CM_POSITIONS, CM_INCOME, CM_CONTRACTS, PM_ACCOUNT, PM_BALANCE, PM_UM_POSITIONS,
    PM_CM_POSITIONS, PM_UM_INCOME, PM_CM_INCOME, TRANSFERS, OVERVIEW, P2P, PAY, PAYMENTS, CONVERSIONS, SUB_TRANSFERS,
    UM_MARKS, CM_MARKS, SUBSCRIPTIONS, REDEMPTIONS, LOANS, LOCKED_SUBSCRIPTIONS, LOCKED_REDEMPTIONS,
    SPOT_TRADES, MARGIN_TRADES, PM_TRADES,
)  # fmt: skip

INFO = ExchangeInfo(
    id="binance",
    name="Binance",
    docs_url="https://developers.binance.com/docs/binance-spot-api-docs/rest-api",
    key_page_url="https://www.binance.com/en/my/settings/api-management",
    credential_fields=(
        CredentialField("api_key", secret=False, pattern=r"[A-Za-z0-9]+", usual_length=(64, 64)),
        CredentialField("api_secret", usual_length=(64, 4000), multiline=True),
    ),
    capabilities=frozenset(Capability) - {Capability.CLOSED_POSITIONS},
    wallets={
        "spot": WalletKind.SPOT,
        "funding": WalletKind.FUNDING,
        "earn_flexible": WalletKind.EARN,
        "earn_locked": WalletKind.EARN,
        "margin_cross": WalletKind.MARGIN,
        "margin_isolated": WalletKind.MARGIN,
        "usdm": WalletKind.FUTURES_LINEAR,
        "coinm": WalletKind.FUTURES_INVERSE,
        "portfolio_margin": WalletKind.UNIFIED,
        "loans": WalletKind.MARGIN,
        "options": WalletKind.OPTIONS,
        "bots": WalletKind.SPOT,
        "copy_trading": WalletKind.FUTURES_LINEAR,
    },
    has_testnet=True,
    modes=("classic", "portfolio_margin"),
    key_facts=frozenset({"read", "trade", "transfer", "withdraw", "ip_restricted", "uid"}),
    # days that one question may span
    windows={"coinm": 365, "deposits": 90, "withdrawals": 90, "dividends": 180},
    quirks=(
        "Tokens that begin with LD in the spot wallet repeat flexible earn and are left out (LDO is a coin).",
        "Fiat deposits such as Pix are in the fiat orders only, not among the deposits.",
        "The available balance of one asset can exceed its wallet balance in multi-assets mode.",
        "Code -2015 means key, address or permission alike; the key's own restrictions are asked to tell which.",
        "Trades on spot and margin are told pair by pair: asked are the pairs whose coins moved between two readings.",
        "The demo hosts have spot and futures only: no permissions, funding, earn, deposits or withdrawals.",
    ),
    rate_limits=(
        RateLimit(IP, 6_000, 60, "ip", pool=True),
        RateLimit(SAPI, 12_000, 60, "ip"),
        RateLimit(UID_WITHDRAWALS, 180_000, 60, "uid"),
        RateLimit(UID_FIAT, 180_000, 60, "uid"),
        RateLimit(UID_PAY, 180_000, 60, "uid"),
        RateLimit(UID_CONVERT, 180_000, 60, "uid"),
        RateLimit(UM, 2_400, 60, "ip", pool=True),
        RateLimit(CM, 2_400, 60, "ip", pool=True),
        RateLimit(PM, 6_000, 60, "ip", pool=True),
    ),
    hosts={
        "spot": "https://api.binance.com",
        "usdm": "https://fapi.binance.com",
        "coinm": "https://dapi.binance.com",
        "pm": "https://papi.binance.com",
    },
    # one demo-trading key works on all three; neither /sapi nor portfolio margin exist there
    testnet_hosts={
        "spot": "https://demo-api.binance.com",
        "usdm": "https://demo-fapi.binance.com",
        "coinm": "https://demo-dapi.binance.com",
    },
    # days kept by the exchange; transfers between own wallets and trades between people half a year
    history={"usdm": 89, "portfolio_margin": 89, "transfers": 179, "p2p": 179, "pay": 540},
)
