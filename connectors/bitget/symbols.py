"""Bitget's symbol names in the platform's form."""

from connectors._parse import split_pair

SPOT_QUOTES = ("USDT", "USDC", "BTC", "ETH", "EUR", "BRL", "BGB", "USD", "TRY", "GBP", "DAI")
SPOT_CATEGORIES = ("SPOT", "MARGIN")
CONTRACT_QUOTES = ("USDT", "USDC", "PERP", "USD")


def contract_symbol(venue_symbol: str, margin_coin: str) -> str | None:
    """Return the unified symbol of a contract such as BTCUSDT, BTCPERP (settled in USDC), BTCUSD or ETHUSD_231229."""
    pair, _, expiry = venue_symbol.partition("_")
    parts = split_pair(pair, CONTRACT_QUOTES)
    if parts is None:
        return None
    base, quote = parts
    dated = f"-{expiry}" if expiry.isdigit() else ""
    return f"{base}/{'USDC' if quote == 'PERP' else quote}:{margin_coin}{dated}"


def bill_symbol(venue_symbol: str, coin: str, category: str = "") -> str | None:
    """Return the unified symbol a bill speaks of, None where it names none; `category` is a unified account's."""
    if category.upper() in SPOT_CATEGORIES:
        pair = split_pair(venue_symbol, SPOT_QUOTES)
        return "/".join(pair) if pair else None
    return contract_symbol(venue_symbol, coin) if venue_symbol else None
