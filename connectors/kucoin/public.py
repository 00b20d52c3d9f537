"""Parsers of what KuCoin says about keys, account modes, prices, contracts and its clock."""

from connectors._parse import flag, milliseconds, nonzero, number, record, rows, text
from connectors._reading import Answer, Reading
from connectors.kucoin.symbols import coin
from connectors.types import Permissions

READS = frozenset({"general"})
TRADES = frozenset({"spot", "margin", "futures", "earn", "trade", "unified"})
TRANSFERS = frozenset({"innertransfer", "flextransfers"})
WITHDRAWS = frozenset({"transfer", "withdrawal", "withdraw"})
KNOWN = READS | TRADES | TRANSFERS | WITHDRAWS


def data(answer: Answer) -> object:
    """Return the envelope's content."""
    return record(answer.payload)["data"]


def server_time(answer: Answer) -> Reading:
    """Read the exchange's clock."""
    return Reading(server_time_ms=milliseconds(data(answer)))


def tickers(answer: Answer) -> Reading:
    """Read last prices by native symbol; a pair that never traded has none."""
    found = {text(row["symbol"]): nonzero(row["last"]) for row in rows(record(data(answer))["ticker"])}
    return Reading(prices={symbol: price for symbol, price in found.items() if price is not None and price > 0})


def contracts(answer: Answer) -> Reading:
    """Read what a contract is worth: base units on linear ones, a negative amount of the quote on inverse ones."""
    found = {
        text(row["symbol"]): {
            "base": coin(row["baseCurrency"]),
            "quote": coin(row["quoteCurrency"]),
            "settle": coin(row["settleCurrency"]),
            "settle_native": text(row["settleCurrency"]),
            "multiplier": abs(number(row["multiplier"])),
            "inverse": flag(row["isInverse"]),
            "expiry_ms": milliseconds(row["expireDate"]) if row["expireDate"] else None,
        }
        for row in rows(data(answer))
    }
    return Reading(extra={"contracts": found})


def mode(answer: Answer) -> Reading:
    """Read whether the account is a classic or a unified one."""
    venue_mode = text(record(data(answer))["selfAccountMode"])
    return Reading(extra={"venue_mode": venue_mode, "unified": venue_mode.upper() != "CLASSIC"})


def high_frequency(answer: Answer) -> Reading:
    """Read whether the trade wallet is a high-frequency one, with a book of its own."""
    return Reading(extra={"high_frequency": flag(data(answer))})


def permissions(answer: Answer) -> Reading:
    """Read a key's rights from its words; one that is not known leaves open what it may do."""
    body = record(data(answer))
    words = {word.strip().lower() for word in text(body["permission"]).split(",")}
    unknown = None if words - KNOWN else False
    addresses = body.get("ipWhitelist")
    rights = Permissions(
        read=bool(words & READS) or unknown,
        trade=bool(words & TRADES) or unknown,
        transfer=bool(words & (TRANSFERS | WITHDRAWS)) or unknown,
        withdraw=bool(words & WITHDRAWS) or unknown,
        ip_restricted=None if addresses is None else addresses != "",
        uid=text(body["uid"]),
    )
    return Reading(permissions=rights, details={"permissions": [{"raw": body["permission"]}]})
