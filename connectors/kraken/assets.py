"""Kraken's asset and pair codes in the platform's form."""

import re
from collections.abc import Mapping

from connectors._parse import split_pair

CODES = {
    "XXBT": "BTC", "XBT": "BTC", "XXDG": "DOGE", "XDG": "DOGE", "XETH": "ETH", "XETC": "ETC", "XXRP": "XRP",
    "XLTC": "LTC", "XXLM": "XLM", "XXMR": "XMR", "XZEC": "ZEC", "XREP": "REP", "XMLN": "MLN", "ETH2": "ETH",
    "ZUSD": "USD", "ZEUR": "EUR", "ZGBP": "GBP", "ZCAD": "CAD", "ZJPY": "JPY", "ZAUD": "AUD", "ZCHF": "CHF",
}  # fmt: skip
EARNING = ("S", "M", "B", "F", "P")
QUOTES = (
    "ZUSD", "ZEUR", "ZGBP", "ZCAD", "ZJPY", "ZAUD", "XXBT", "XETH", "USDT", "USDC", "USD", "EUR", "GBP", "CAD", "JPY",
    "AUD", "CHF", "XBT", "ETH", "DAI", "BRL",
)  # fmt: skip
FEE_CREDIT = "KFEE"
_TERM = re.compile(r"[0-9]{2}$")  # days; LUNA2 is a name


def asset_of(code: str) -> str:
    """Return the platform's name of a code: `XXBT` and `XBT.M` are BTC, `DOT28.S` is DOT, `ETH2` is staked ETH."""
    name, _, mark = code.rpartition(".")
    if mark == "HOLD" or (name and mark in EARNING):
        return asset_of(name if name in CODES or mark == "HOLD" else _TERM.sub("", name) or name)
    return CODES.get(code, code)


def wallet_of(code: str) -> str:
    """Return where an asset of this code lies: spot, earn, or on hold."""
    name, _, mark = code.rpartition(".")
    if name and mark == "HOLD":
        return "hold"
    return "earn" if (name and mark in EARNING) or code == "ETH2" else "spot"


def pair_of(code: str, pairs: Mapping[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Return base and quote of a pair, by the exchange's list, or else by its text."""
    if code in pairs:
        return pairs[code]
    parts = split_pair(code, QUOTES)
    return (asset_of(parts[0]), asset_of(parts[1])) if parts else None
