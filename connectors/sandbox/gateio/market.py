"""Gate.io public reads: time, prices, pairs, coins, contracts."""

from decimal import Decimal
from functools import partial

from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.gateio.common import INVERSE_BASES, PREFIX, Row, by_offset, contract, multiplier, refused
from connectors.sandbox.prices import CONTRACTS, LISTED, TINY, UNLISTED, spot_pairs, step, tick
from connectors.sandbox.wire import text

PAIRS = [(base, quote) for base, quote in spot_pairs() if quote == "USDT"]
BASES = {"usdt": CONTRACTS, "btc": INVERSE_BASES}


def server_time(call: Call) -> object:
    """GET /spot/time."""
    return {"server_time": call.site.now_ms()}


def spot_tickers(call: Call) -> object:
    """GET /spot/tickers."""
    asked = call.params.get("currency_pair")
    rows = [_spot_ticker(call, base, quote) for base, quote in PAIRS if asked in (None, "", f"{base}_{quote}")]
    if not rows:
        raise refused("INVALID_PARAM_VALUE", f"Invalid currency pair {asked}")
    return rows


def _spot_ticker(call: Call, base: str, quote: str) -> Row:
    last = text(call.world.market.pair(base, quote, call.at))
    same = dict.fromkeys(("last", "lowest_ask", "highest_bid", "high_24h", "low_24h"), last)
    zeros = dict.fromkeys(("change_percentage", "base_volume", "quote_volume"), "0")
    return {"currency_pair": f"{base}_{quote}", **same, **zeros}


def currency_pairs(call: Call) -> object:
    """GET /spot/currency_pairs."""
    return [
        {
            "id": f"{base}_{quote}",
            "base": base,
            "quote": quote,
            "fee": "0.2",
            "min_quote_amount": "3",
            "amount_precision": _decimals(step(base)),
            "precision": _decimals(tick(base)),
            "trade_status": "tradable",
            "sell_start": 0,
            "buy_start": 0,
        }
        for base, quote in PAIRS
    ]


def currencies(call: Call) -> object:
    """GET /spot/currencies."""
    chains = [{"name": "TRX", "addr": "", "withdraw_disabled": False, "deposit_disabled": False}]
    flags = dict.fromkeys(("delisted", "withdraw_disabled", "deposit_disabled", "trade_disabled"), False)
    return [
        {"currency": coin, "name": coin, "chain": "TRX", "chains": chains, **flags}
        for coin in (*LISTED, "USDT", "USDC", UNLISTED, *TINY)
    ]


def contracts(call: Call, settle: str) -> object:
    """GET /futures/{settle}/contracts."""
    return by_offset(call, [_contract(call, base, settle) for base in BASES[settle]], default=100)


def _contract(call: Call, base: str, settle: str) -> Row:
    last = text(call.world.market.pair(base, "USDT", call.at))
    return {
        "name": contract(base, settle),
        "type": "inverse" if settle == "btc" else "direct",
        "quanto_multiplier": text(multiplier(base, settle)),
        "mark_type": "index",
        "last_price": last,
        "mark_price": text(call.world.market.mark(base, call.at)),
        "index_price": last,
        "in_delisting": False,
        "leverage_min": "1",
        "leverage_max": "100",
        "maintenance_rate": "0.004",
        "order_price_round": text(tick(base)),
        "mark_price_round": text(tick(base)),
        "order_price_deviate": "0.5",
        "order_size_min": 1,
        "order_size_max": 1_000_000,
        "taker_fee_rate": "0.0005",
        "maker_fee_rate": "0.0002",
        "funding_rate": text(call.world.market.funding_rate(base, call.at)),
        "funding_interval": 28_800,
        "funding_next_apply": (call.site.now_ms() // 28_800_000 + 1) * 28_800,
        "enable_decimal": False,
        "create_time": 1_546_300_800,
    }


def futures_tickers(call: Call, settle: str) -> object:
    """GET /futures/{settle}/tickers."""
    asked = call.params.get("contract")
    return [
        _futures_ticker(call, base, settle) for base in BASES[settle] if asked in (None, "", contract(base, settle))
    ]


def _futures_ticker(call: Call, base: str, settle: str) -> Row:
    last = text(call.world.market.pair(base, "USDT", call.at))
    return {
        "contract": contract(base, settle),
        **dict.fromkeys(("last", "low_24h", "high_24h", "index_price", "highest_bid", "lowest_ask"), last),
        "change_percentage": "0",
        "total_size": "0",
        "volume_24h": "0",
        "mark_price": text(call.world.market.mark(base, call.at)),
        "funding_rate": text(call.world.market.funding_rate(base, call.at)),
    }


def nothing(call: Call) -> object:
    """Margin pairs, dated contracts, options: none is listed here."""
    return []


def _decimals(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


def _public(path: str) -> tuple[str, str]:
    return ("GET", PREFIX + path)


ENDPOINTS = {
    _public("/spot/time"): Endpoint(server_time, 200, signed=False),
    _public("/spot/tickers"): Endpoint(spot_tickers, 200, signed=False),
    _public("/spot/currency_pairs"): Endpoint(currency_pairs, 200, signed=False),
    _public("/spot/currencies"): Endpoint(currencies, 200, signed=False),
    _public("/margin/currency_pairs"): Endpoint(nothing, 200, signed=False),
    _public("/options/underlyings"): Endpoint(nothing, 200, signed=False),
    **{
        _public(f"/futures/{coin}/contracts"): Endpoint(partial(contracts, settle=coin), 200, signed=False)
        for coin in BASES
    },
    **{
        _public(f"/futures/{coin}/tickers"): Endpoint(partial(futures_tickers, settle=coin), 200, signed=False)
        for coin in BASES
    },
    **{
        _public(f"/delivery/{coin}/{what}"): Endpoint(nothing, 200, signed=False)
        for coin in BASES
        for what in ("contracts", "tickers")
    },
}
