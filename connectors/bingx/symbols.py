"""BingX's symbol and coin names in the platform's form."""

DEMO_COIN = "VST"


def split_symbol(venue_symbol: str) -> tuple[str, str] | None:
    """Split BTC-USDT, or BTC/USDT of a standard contract, into base and quote."""
    base, _, quote = venue_symbol.replace("/", "-").rpartition("-")
    return (base, quote) if base and quote else None


def linear_symbol(venue_symbol: str, settle: str | None = None) -> str | None:
    """Return the unified symbol of a linear perpetual; it settles in its quote where nothing else is said."""
    parts = split_symbol(venue_symbol)
    return f"{parts[0]}/{parts[1]}:{settle or parts[1]}" if parts else None


def inverse_symbol(venue_symbol: str) -> str:
    """Return the unified symbol of a Coin-M perpetual, which settles in its base."""
    base, quote = split_symbol(venue_symbol) or ("", "")
    if not base:
        raise ValueError("no pair")
    return f"{base}/{quote}:{base}"


def plain_coin(coin: str, network: str) -> str:
    """Return a coin without the network that deposits and withdrawals may append to it (USDTTRC20 → USDT)."""
    return coin.removesuffix(network) if network and coin != network else coin
