"""KuCoin's names in the platform's form: futures call bitcoin XBT, and only their metadata tells base and quote."""

from collections.abc import Mapping

from connectors._parse import instant, text

NAMES = {"XBT": "BTC"}
LINEAR_COINS = ("USDT", "USDC")


def coin(value: object) -> str:
    """Return a currency by its usual name."""
    name = text(value).upper()
    return NAMES.get(name, name)


def futures_wallet(currency: str) -> str:
    """Return the wallet that a settlement currency belongs to."""
    return "futures_linear" if currency in LINEAR_COINS else "futures_inverse"


def pair_symbol(venue_symbol: str) -> str | None:
    """Return BASE/QUOTE of a spot pair such as BTC-USDT."""
    base, _, quote = venue_symbol.partition("-")
    return f"{base}/{quote}" if base and quote else None


def contract_symbol(contract: Mapping[str, object]) -> str:
    """Return the unified symbol of a contract from its metadata (base, quote, settle, expiry_ms)."""
    expiry = contract.get("expiry_ms")
    dated = f"-{instant(expiry):%y%m%d}" if expiry else ""
    return f"{contract['base']}/{contract['quote']}:{contract['settle']}{dated}"
