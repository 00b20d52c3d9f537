"""The reads of Gate.io with their limits, and the facts that forms are drawn from."""

from collections.abc import Mapping
from dataclasses import dataclass

from connectors._reading import Endpoint
from connectors.gateio.kinds import NO_BOOK
from connectors.types import Capability, CredentialField, ExchangeInfo, RateLimit, WalletKind

TRADING, ACCOUNT, OVERVIEW_LIMIT, PUBLIC = "uid_200", "uid_150", "uid_80", "ip_200"


def _get(path: str, limit: str) -> Endpoint:
    return Endpoint("GET", f"/api/v4{path}", limit=limit, private=limit != PUBLIC)


TIME = _get("/spot/time", PUBLIC)
TICKERS = _get("/spot/tickers", PUBLIC)
DETAIL = _get("/account/detail", ACCOUNT)
MAIN_KEYS = _get("/account/main_keys", ACCOUNT)
MODE = _get("/unified/unified_mode", ACCOUNT)
SPOT = _get("/spot/accounts", TRADING)
SPOT_BOOK = _get("/spot/account_book", TRADING)
UNIFIED = _get("/unified/accounts", ACCOUNT)
OPTIONS = _get("/options/accounts", TRADING)
MARGIN_ISOLATED = _get("/margin/accounts", ACCOUNT)
MARGIN_CROSS = _get("/margin/cross/accounts", ACCOUNT)
EARN = _get("/earn/uni/lends", ACCOUNT)
OVERVIEW = _get("/wallet/total_balance", OVERVIEW_LIMIT)
DEPOSITS = _get("/wallet/deposits", TRADING)
WITHDRAWALS = _get("/wallet/withdrawals", TRADING)
SUB_TRANSFERS = _get("/wallet/sub_account_transfers", TRADING)
PUSHES = _get("/wallet/push", TRADING)


@dataclass(frozen=True, slots=True)
class Product:
    """The reads of futures of one sort that settle in one coin."""

    wallet: str
    account: Endpoint
    positions: Endpoint
    book: Endpoint
    contracts: Endpoint
    tickers: Endpoint
    closed: Endpoint | None
    dated: bool


def _product(sort: str, settle: str) -> Product:
    base, dated = f"/{sort}/{settle}", sort == "delivery"
    return Product(
        wallet=f"{sort}_{'inverse' if settle == 'btc' else 'linear'}",
        account=_get(f"{base}/accounts", TRADING),
        positions=_get(f"{base}/positions", TRADING),
        book=_get(f"{base}/account_book", TRADING),
        contracts=_get(f"{base}/contracts", PUBLIC),
        tickers=_get(f"{base}/tickers", PUBLIC),
        closed=None if dated else _get(f"{base}/position_close", TRADING),
        dated=dated,
    )


PRODUCTS = tuple(_product(sort, settle) for sort in ("futures", "delivery") for settle in ("usdt", "btc"))

ALL = (
    TIME, TICKERS, DETAIL, MAIN_KEYS, MODE, SPOT, SPOT_BOOK, UNIFIED, OPTIONS, MARGIN_ISOLATED, MARGIN_CROSS, EARN,
    OVERVIEW, DEPOSITS, WITHDRAWALS, SUB_TRANSFERS, PUSHES,
    *(
        endpoint
        for item in PRODUCTS
        for endpoint in (item.account, item.positions, item.book, item.contracts, item.tickers, item.closed)
        if endpoint is not None
    ),
)  # fmt: skip

HOST = "https://api.gateio.ws"
REGIONS: Mapping[str, str] = {"global": HOST, "eu": "https://api.gateeu.com", "us": "https://api.gate.us"}
KEPT_DAYS = 180

INFO = ExchangeInfo(
    id="gateio",
    name="Gate.io",
    docs_url="https://www.gate.com/docs/developers/apiv4",
    key_page_url="https://www.gate.com/myaccount/api_key_manage",
    credential_fields=(
        CredentialField("api_key", secret=False, pattern=r"[0-9a-f]{32}", usual_length=(32, 32)),
        CredentialField("api_secret", pattern=r"[0-9a-f]{64}", usual_length=(64, 64)),
        CredentialField(
            "region", kind="choice", required=False, secret=False, choices=tuple(REGIONS), default="global"
        ),
    ),
    capabilities=frozenset(Capability),
    wallets={
        "spot": WalletKind.SPOT,
        "earn": WalletKind.EARN,
        "margin_isolated": WalletKind.MARGIN,
        "margin_cross": WalletKind.MARGIN,
        "futures_linear": WalletKind.FUTURES_LINEAR,
        "futures_inverse": WalletKind.FUTURES_INVERSE,
        "delivery_linear": WalletKind.FUTURES_LINEAR,
        "delivery_inverse": WalletKind.FUTURES_INVERSE,
        "options": WalletKind.OPTIONS,
        "unified": WalletKind.UNIFIED,
    },
    has_testnet=True,
    modes=("classic", "unified", "portfolio_margin"),
    key_facts=frozenset({"read", "trade", "transfer", "withdraw", "ip_restricted", "uid"}),
    # days that one question may span
    windows={"spot": 30, "futures_linear": 30, "futures_inverse": 30, "deposits": 30, "withdrawals": 30},
    quirks=(
        "Futures totals do not hold unrealised P&L; it is added for equity.",
        "All keys of the main account are listed, masked: rights are those that fit the key. Sub-accounts may not ask.",
        "The spot book counts in milliseconds, other lists in seconds, some as texts.",
        "A futures wallet that was never opened answers with an error that means empty.",
        "POINT is credit for fees, no money, and is left out.",
    ),
    rate_limits=(
        RateLimit(TRADING, 200, 10, "uid"),
        RateLimit(ACCOUNT, 150, 10, "uid"),
        RateLimit(OVERVIEW_LIMIT, 80, 10, "uid"),
        RateLimit(PUBLIC, 200, 10, "ip"),
    ),
    hosts={"rest": HOST},
    testnet_hosts={"rest": "https://api-testnet.gateapi.io"},
    # days kept by the exchange; earn and margin tell their moves from and to spot only
    history=dict.fromkeys(("spot", "unified", *(item.wallet for item in PRODUCTS), *sorted(NO_BOOK)), KEPT_DAYS),
)
