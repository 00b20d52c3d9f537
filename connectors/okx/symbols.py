"""OKX's instrument names in the platform's form: parts joined by hyphens, `_UM` marks USD-margined linear ones."""

LINEAR_MARK = "_UM"
SPOT_PARTS = 2


def unified_symbol(instrument: str, settle: str | None = None) -> str | None:
    """Return the unified symbol of BTC-USDT, BTC-USDT-SWAP, BTC-USD-241227 or BTC-USD-241227-100000-C; None for others.

    Without `settle` a contract against USD settles in its base, any other in its quote.
    """
    base, *rest = instrument.split("-")
    if not base or not rest or not all(rest):
        return None
    quote = rest[0].removesuffix(LINEAR_MARK)
    if len(rest) == 1:
        return f"{base}/{quote}"
    coin = settle or (base if rest[0] == "USD" else quote)
    tail = "" if rest[1:] == ["SWAP"] else "-" + "-".join(rest[1:])
    return f"{base}/{quote}:{coin}{tail}"


def is_pair(instrument: str) -> bool:
    """Tell whether a name is a spot pair: two parts, contracts have more."""
    return instrument.count("-") == SPOT_PARTS - 1
