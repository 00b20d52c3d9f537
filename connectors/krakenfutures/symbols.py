"""The names of Kraken futures in the platform's form."""

COINS = {"XBT": "BTC", "XDG": "DOGE"}
LINEAR, INVERSE = ("PF", "FF"), ("PI", "FI")


def asset_of(code: str) -> str:
    """Return the platform's name of a coin, which may be in lower case: `xbt` is BTC."""
    return COINS.get(code.upper(), code.upper())


def is_inverse(venue_symbol: str) -> bool:
    """Tell a contract that is settled in its coin."""
    return venue_symbol.upper().startswith(tuple(f"{kind}_" for kind in INVERSE))


def is_linear(venue_symbol: str) -> bool:
    """Tell a contract of the multi-collateral wallet, settled in dollars."""
    return venue_symbol.upper().startswith(tuple(f"{kind}_" for kind in LINEAR))


def parts_of(venue_symbol: str) -> tuple[str, str, str]:
    """Return the coin, the settlement asset and the expiry (empty for a perpetual) of a contract.

    Raises:
        ValueError: its name has another form.
    """
    _kind, _, rest = venue_symbol.upper().partition("_")
    pair, _, expiry = rest.partition("_")
    known = is_linear(venue_symbol) or is_inverse(venue_symbol)
    if not known or not pair.endswith("USD") or len(pair) < 4:
        raise ValueError("unknown contract")
    base = asset_of(pair[:-3])
    return base, base if is_inverse(venue_symbol) else "USD", expiry


def contract_symbol(venue_symbol: str) -> str:
    """Return the unified symbol of a contract, or its own name where that is of an unknown form."""
    try:
        base, settle, expiry = parts_of(venue_symbol)
    except ValueError:
        return venue_symbol.upper()
    return f"{base}/USD:{settle}" + (f"-{expiry}" if expiry else "")


def wallet_of(venue_symbol: str) -> str:
    """Return the wallet that a contract's margin lies in: one for all linear ones, one for each inverse coin."""
    if not is_inverse(venue_symbol):
        return "futures_flex"
    return f"futures_fi_{venue_symbol.lower().split('_')[1]}"
