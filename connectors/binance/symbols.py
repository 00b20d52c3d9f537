"""Binance's symbol names in the platform's form."""

from connectors._parse import split_pair

# Quotes of spot pairs and USD-M contracts; a pair is split at the longest that fits. AEUR is left out on purpose:
# ADAEUR is ADA in EUR. A pair in another quote has no unified symbol.
QUOTES = (
    "USDT", "USDC", "FDUSD", "TUSD", "BUSD", "USD1", "USDP", "USDS", "DAI", "USDE", "RLUSD", "XUSD", "BFUSD", "EURI",
    "BTC", "ETH", "BNB", "SOL", "XRP", "TRX", "DOGE", "DOT",
    "BRL", "EUR", "TRY", "ARS", "MXN", "COP", "JPY", "ZAR", "PLN", "RON", "CZK", "UAH", "GBP", "AUD", "IDR", "IDRT",
)  # fmt: skip


def linear_symbol(venue_symbol: str, settle: str | None = None) -> tuple[str, str, str] | None:
    """Return (unified symbol, base, settle) of a USD-M contract such as BTCUSDT or BTCUSDT_240628."""
    pair, _, expiry = venue_symbol.partition("_")
    parts = split_pair(pair, (settle,) if settle and pair.endswith(settle) else QUOTES)
    if parts is None:
        return None
    base, quote = parts
    paid_in = settle or quote
    return f"{base}/{quote}:{paid_in}{_dated(expiry)}", base, paid_in


def inverse_symbol(venue_symbol: str) -> tuple[str, str, str] | None:
    """Return (unified symbol, base, settle) of a COIN-M contract such as BTCUSD_PERP or BTCUSD_240628."""
    pair, _, expiry = venue_symbol.partition("_")
    base = pair.removesuffix("USD")
    if base in ("", pair):
        return None
    return f"{base}/USD:{base}{_dated(expiry)}", base, base


def _dated(expiry: str) -> str:
    return f"-{expiry}" if expiry.isdigit() else ""
