"""Coinbase public reads: time, products with their prices, currencies, exchange rates."""

from decimal import Decimal

from connectors.sandbox.coinbase.common import CODES, DOLLAR, EXPIRY, Row, coin, fraction, product, refused
from connectors.sandbox.dialect import Call, Endpoint
from connectors.sandbox.prices import CONTRACTS, LISTED, TINY, UNLISTED, spot_pairs, step, tick
from connectors.sandbox.wire import text

V3 = "/api/v3/brokerage"
PAIRS = [(base, quote) for base, quote in spot_pairs() if base != "USDC"]


def server_time(call: Call) -> object:
    """GET /api/v3/brokerage/time."""
    ms = call.site.now_ms()
    return {"iso": fraction(call.site.now()), "epochSeconds": str(ms // 1000), "epochMillis": str(ms)}


def app_time(call: Call) -> object:
    """GET /v2/time."""
    return {"data": {"iso": fraction(call.site.now()), "epoch": call.site.now_ms() // 1000}}


def products(call: Call) -> object:
    """GET /api/v3/brokerage/market/products of a type; without one all spot products."""
    kind = call.params.get("product_type", "SPOT")
    if kind not in ("SPOT", "FUTURE"):
        raise refused(400, "INVALID_ARGUMENT", "invalid product_type")
    if kind == "FUTURE":
        expiring = call.params.get("contract_expiry_type") != "PERPETUAL"
        rows = [_contract(call, base) for base in CONTRACTS] if expiring else []
    else:
        rows = [_spot(coin(base), coin(quote), call.world.market.pair(base, quote, call.at)) for base, quote in PAIRS]
        rows += [
            _spot(base, "USD", call.world.market.pair(base, DOLLAR, call.at), alias=f"{base}-USDC") for base in LISTED
        ]
        rows.append({**_spot("OLD", "USD", Decimal(0)), "price": "", "is_disabled": True})
    return {"products": rows, "num_products": len(rows)}


def _spot(base: str, quote: str, price: Decimal, alias: str = "") -> Row:
    return {
        "product_id": f"{base}-{quote}",
        "price": text(price),
        "base_increment": text(step(base)),
        "quote_increment": text(tick(base)),
        "price_increment": text(tick(base)),
        "base_min_size": text(step(base)),
        "base_max_size": "1000000",
        "quote_min_size": "1",
        "quote_max_size": "10000000",
        "is_disabled": False,
        "trading_disabled": False,
        "status": "online",
        "product_type": "SPOT",
        "base_currency_id": base,
        "quote_currency_id": quote,
        "alias": "",
        "alias_to": [alias] if alias else [],
        "view_only": False,
        "product_venue": "CBE",
    }


def _contract(call: Call, base: str) -> Row:
    return {
        "product_id": product(base),
        "price": text(call.world.market.mark(base, call.at)),
        "base_increment": "1",
        "price_increment": text(tick(base)),
        "quote_increment": text(tick(base)),
        "is_disabled": False,
        "product_type": "FUTURE",
        "base_currency_id": "",
        "quote_currency_id": "USD",
        "display_name": f"{base} PERP",
        "future_product_details": {
            "venue": "cde",
            "contract_code": CODES[base],
            "contract_expiry": EXPIRY,
            "contract_size": text(step(base)),
            "contract_root_unit": base,
            "contract_expiry_type": "EXPIRING",
            "contract_display_name": f"{base} PERP",
        },
    }


def fiat(call: Call) -> object:
    """GET /v2/currencies."""
    return {
        "data": [
            {"id": code, "name": name, "min_size": "0.01"} for code, name in (("BRL", "Real"), ("USD", "US Dollar"))
        ]
    }


def crypto(call: Call) -> object:
    """GET /v2/currencies/crypto."""
    names = [*LISTED, "USDC", UNLISTED, *TINY]
    return {
        "data": [
            {"code": name, "name": name, "type": "crypto", "exponent": 8, "asset_id": f"{name}-asset"} for name in names
        ]
    }


def exchange_rates(call: Call) -> object:
    """GET /v2/exchange-rates of USD: units for one dollar."""
    if call.params.get("currency", "USD") != "USD":
        raise refused(400, "invalid_request", "Currency is invalid", app=True)
    rates = {"BRL": text(call.world.market.pair(DOLLAR, "BRL", call.at)), "USD": "1", "USDC": "1"}
    for base in LISTED:
        rates[base] = f"{1 / call.world.market.pair(base, DOLLAR, call.at):.16f}"
    return {"data": {"currency": "USD", "rates": rates}}


ENDPOINTS = {
    ("GET", f"{V3}/time"): Endpoint(server_time, signed=False),
    ("GET", "/v2/time"): Endpoint(app_time, signed=False),
    ("GET", f"{V3}/market/products"): Endpoint(products, signed=False),
    ("GET", "/v2/currencies"): Endpoint(fiat, signed=False),
    ("GET", "/v2/currencies/crypto"): Endpoint(crypto, signed=False),
    ("GET", "/v2/exchange-rates"): Endpoint(exchange_rates, signed=False),
}
