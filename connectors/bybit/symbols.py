"""Bybit's symbol names in the platform's form."""

import re
from datetime import date, datetime, timedelta

from connectors._parse import split_pair

SPOT_QUOTES = (
    "USDT", "USDC", "USDE", "USD1", "BTC", "ETH", "SOL", "MNT", "DAI", "EUR", "BRL", "BRZ", "TRY", "PLN", "GBP", "AUD",
    "USD", "KZT", "AED", "IDR", "GEL",
)  # fmt: skip
QUARTERS = {"H": 3, "M": 6, "U": 9, "Z": 12}
OPTION = re.compile(r"([A-Z0-9]+)-\d{1,2}[A-Z]{3}\d{2}-[0-9.]+-[CP](?:-(USDT|USDC))?")
DATED = re.compile(r"([A-Z0-9]+)-(\d{1,2}[A-Z]{3}\d{2})")
QUARTERLY = re.compile(r"([A-Z0-9]+)USD([HMUZ])(\d{2})")


def contract(venue_symbol: str, category: str) -> tuple[str, str] | None:
    """Return unified symbol and settlement asset of a contract, None where the name says nothing known.

    Linear: BTCUSDT, BTCPERP (USDC), BTC-28JUN24 (USDC), BTCUSDT-28JUN24; inverse: BTCUSD, BTCUSDM24; options
    stay native.
    """
    if category == "option":
        option = OPTION.fullmatch(venue_symbol)
        return (venue_symbol, option[2] or "USDC") if option else None
    return _inverse(venue_symbol) if category == "inverse" else _linear(venue_symbol)


def row_symbol(venue_symbol: str, category: str) -> str | None:
    """Return the unified symbol that a row of a ledger speaks of; None where it names none."""
    if category == "spot":
        pair = split_pair(venue_symbol, SPOT_QUOTES)
        return "/".join(pair) if pair else None
    known = contract(venue_symbol, category)
    return known[0] if known else None


def _linear(name: str) -> tuple[str, str] | None:
    dated = DATED.fullmatch(name)
    expiry = ""
    if dated:
        name, expiry = dated[1], f"-{_day(dated[2]):%y%m%d}"
    pair = split_pair(name, ("USDT", "PERP"))
    if pair is None and not dated:
        return None
    base, quote = pair or (name, "USDC")
    settle = "USDC" if quote == "PERP" else quote
    return f"{base}/{settle}:{settle}{expiry}", settle


def _inverse(name: str) -> tuple[str, str] | None:
    quarterly = QUARTERLY.fullmatch(name)
    if quarterly:
        base, day = quarterly[1], _last_friday(2000 + int(quarterly[3]), QUARTERS[quarterly[2]])
        return f"{base}/USD:{base}-{day:%y%m%d}", base
    pair = split_pair(name, ("USD",))
    return (f"{pair[0]}/USD:{pair[0]}", pair[0]) if pair else None


def _day(text: str) -> date:
    return datetime.strptime(text, "%d%b%y").date()  # noqa: DTZ007 - a day, not an instant


def _last_friday(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=(following.weekday() - 4) % 7 or 7)
