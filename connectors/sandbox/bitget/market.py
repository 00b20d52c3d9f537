"""Bitget public reads: time, prices, instruments, coins (classic and unified names)."""

from decimal import Decimal

from connectors.sandbox.bitget.common import COINS, Row, bad_parameter, contract, margin_coins, product
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.prices import CONTRACTS, LISTED, TINY, UNLISTED, spot_pairs, step, tick
from connectors.sandbox.wire import text

PAIRS = [(base, quote) for base, quote in spot_pairs() if quote == "USDT"]
DEMO_PRODUCTS = ("SUSDT-FUTURES", "SUSDC-FUTURES", "SCOIN-FUTURES")


def server_time(call: Call) -> object:
    """GET /api/v2/public/time."""
    return {"serverTime": str(call.site.now_ms())}


def bases(product_type: str) -> tuple[str, ...]:
    """Return the coins that have a perpetual of a product type."""
    return {"USDT-FUTURES": CONTRACTS, "USDC-FUTURES": COINS, "COIN-FUTURES": COINS}[product_type]


def spot_tickers(call: Call) -> object:
    """GET /api/v2/spot/market/tickers."""
    asked = call.params.get("symbol")
    rows = [_spot_ticker(call, base, quote) for base, quote in PAIRS if asked in (None, "", base + quote)]
    if not rows:
        raise bad_parameter(call)
    return rows


def _spot_ticker(call: Call, base: str, quote: str) -> Row:
    price = text(call.world.market.pair(base, quote, call.at))
    zeros = dict.fromkeys(
        ("quoteVolume", "baseVolume", "usdtVolume", "bidSz", "askSz", "changeUtc24h", "change24h"), "0"
    )
    same = dict.fromkeys(("high24h", "open", "low24h", "lastPr", "bidPr", "askPr", "openUtc"), price)
    return {"symbol": base + quote, **same, **zeros, "ts": str(call.site.now_ms())}


def mix_tickers(call: Call) -> object:
    """GET /api/v2/mix/market/tickers of a product type."""
    product_type = product(call)
    return [_mix_ticker(call, base, product_type) for base in bases(product_type)]


def _mix_ticker(call: Call, base: str, product_type: str) -> Row:
    last = text(call.world.market.pair(base, "USDT", call.at))
    return {
        "symbol": contract(base, product_type),
        "lastPr": last,
        "askPr": last,
        "bidPr": last,
        "bidSz": "1",
        "askSz": "1",
        "high24h": last,
        "low24h": last,
        "ts": str(call.site.now_ms()),
        "change24h": "0",
        "baseVolume": "0",
        "quoteVolume": "0",
        "usdtVolume": "0",
        "openUtc": last,
        "changeUtc24h": "0",
        "indexPrice": last,
        "markPrice": text(call.world.market.mark(base, call.at)),
        "fundingRate": text(call.world.market.funding_rate(base, call.at)),
        "holdingAmount": "0",
        "deliveryStatus": "",
        "open24h": last,
    }


def spot_symbols(call: Call) -> object:
    """GET /api/v2/spot/public/symbols."""
    return [
        {
            "symbol": base + quote,
            "baseCoin": base,
            "quoteCoin": quote,
            "minTradeAmount": "0",
            "maxTradeAmount": "900000000",
            "takerFeeRate": "0.001",
            "makerFeeRate": "0.001",
            "pricePrecision": str(_decimals(tick(base))),
            "quantityPrecision": str(_decimals(step(base))),
            "quotePrecision": "8",
            "status": "online",
            "minTradeUSDT": "1",
        }
        for base, quote in PAIRS
    ]


def coins(call: Call) -> object:
    """GET /api/v2/spot/public/coins."""
    chain = {
        "chain": "TRC20",
        "needTag": "false",
        "withdrawable": "true",
        "rechargeable": "true",
        "withdrawFee": "1",
        "extraWithdrawFee": "0",
        "depositConfirm": "1",
        "withdrawConfirm": "1",
        "minDepositAmount": "1",
        "minWithdrawAmount": "10",
        "withdrawMinScale": "8",
    }
    return [
        {"coinId": str(index), "coin": coin, "transfer": "true", "chains": [chain]}
        for index, coin in enumerate(_coins())
    ]


def _coins() -> list[str]:
    return [*LISTED, "USDT", "USDC", UNLISTED, *TINY]


def margin_currencies(call: Call) -> object:
    """GET /api/v2/margin/currencies: nothing trades on margin here."""
    return []


def contracts(call: Call) -> object:
    """GET /api/v2/mix/market/contracts of a product type; the demo ones are empty."""
    if call.params.get("productType", "").upper() in DEMO_PRODUCTS:
        return []
    product_type = product(call)
    return [
        {
            "symbol": contract(base, product_type),
            "baseCoin": base,
            "quoteCoin": "USD" if product_type == "COIN-FUTURES" else margin_coins(product_type)[0],
            "supportMarginCoins": [base] if product_type == "COIN-FUTURES" else list(margin_coins(product_type)),
            "makerFeeRate": "0.0002",
            "takerFeeRate": "0.0006",
            "minTradeNum": text(step(base)),
            "priceEndStep": "1",
            "volumePlace": str(_decimals(step(base))),
            "pricePlace": str(_decimals(tick(base))),
            "sizeMultiplier": text(step(base)),
            "symbolType": "perpetual",
            "symbolStatus": "normal",
            "maxLever": "125",
            "minLever": "1",
            "fundInterval": "8",
        }
        for base in bases(product_type)
    ]


def funding_rate(call: Call) -> object:
    """GET /api/v2/mix/market/current-fund-rate."""
    product_type, asked = product(call), call.params.get("symbol")
    rows = [
        {
            "symbol": contract(base, product_type),
            "fundingRate": text(call.world.market.funding_rate(base, call.at)),
            "fundingRateInterval": "8",
            "nextUpdate": str((call.site.now_ms() // 28_800_000 + 1) * 28_800_000),
        }
        for base in bases(product_type)
        if asked in (None, "", contract(base, product_type))
    ]
    if not rows:
        raise bad_parameter(call)
    return rows


def unified_tickers(call: Call) -> object:
    """GET /api/v3/market/tickers of a category."""
    if call.params.get("category", "").upper() == "SPOT":
        prices = {base + quote: call.world.market.pair(base, quote, call.at) for base, quote in PAIRS}
        return [{"category": "SPOT", "symbol": symbol, "lastPrice": text(price)} for symbol, price in prices.items()]
    category = product(call, "category")
    return [
        {
            "category": category,
            "symbol": contract(base, category),
            "lastPrice": text(call.world.market.pair(base, "USDT", call.at)),
            "indexPrice": text(call.world.market.pair(base, "USDT", call.at)),
            "markPrice": text(call.world.market.mark(base, call.at)),
            "fundingRate": text(call.world.market.funding_rate(base, call.at)),
        }
        for base in bases(category)
    ]


def instruments(call: Call) -> object:
    """GET /api/v3/market/instruments of a category."""
    if call.params.get("category", "").upper() == "SPOT":
        return [_instrument("SPOT", base, quote, base + quote) for base, quote in PAIRS]
    category = product(call, "category")
    quote = "USD" if category == "COIN-FUTURES" else margin_coins(category)[0]
    return [
        _instrument(category, base, quote, contract(base, category)) | {"type": "perpetual"} for base in bases(category)
    ]


def _instrument(category: str, base: str, quote: str, symbol: str) -> Row:
    return {
        "category": category,
        "symbol": symbol,
        "baseCoin": base,
        "quoteCoin": quote,
        "minOrderQty": text(step(base)),
        "maxOrderQty": "0",
        "pricePrecision": str(_decimals(tick(base))),
        "quantityPrecision": str(_decimals(step(base))),
        "quotePrecision": "8",
        "priceMultiplier": text(tick(base)),
        "quantityMultiplier": text(step(base)),
        "makerFeeRate": "0.0002",
        "takerFeeRate": "0.0006",
        "maxLeverage": "125",
        "status": "online",
    }


def _decimals(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


ENDPOINTS = {
    ("GET", "/api/v2/public/time"): Endpoint(server_time, 20, signed=False),
    ("GET", "/api/v2/spot/market/tickers"): Endpoint(spot_tickers, 20, signed=False),
    ("GET", "/api/v2/mix/market/tickers"): Endpoint(mix_tickers, 20, signed=False),
    ("GET", "/api/v2/spot/public/symbols"): Endpoint(spot_symbols, 20, signed=False),
    ("GET", "/api/v2/spot/public/coins"): Endpoint(coins, 3, signed=False),
    ("GET", "/api/v2/margin/currencies"): Endpoint(margin_currencies, 10, signed=False),
    ("GET", "/api/v2/mix/market/contracts"): Endpoint(contracts, 20, signed=False),
    ("GET", "/api/v2/mix/market/current-fund-rate"): Endpoint(funding_rate, 20, signed=False),
    ("GET", "/api/v3/market/tickers"): Endpoint(unified_tickers, 20, signed=False),
    ("GET", "/api/v3/market/instruments"): Endpoint(instruments, 20, signed=False),
}
