"""Parsers of what Binance says about keys, features, prices and itself."""

from connectors._parse import flag, milliseconds, number, record, rows, text
from connectors._reading import Answer, Reading
from connectors.types import Permissions

TRADES = ("enableSpotAndMarginTrading", "enableMargin", "enableFutures", "enableVanillaOptions")
NEWER_TRADES = ("enablePortfolioMarginTrading", "enableFixApiTrade")


def permissions(answer: Answer) -> Reading:
    """Read what the key may do; only the trading switches that Binance added later may be absent."""
    body = record(answer.payload)
    trades = [flag(body[name]) for name in TRADES] + [flag(body.get(name, False)) for name in NEWER_TRADES]
    rights = Permissions(
        read=flag(body["enableReading"]),
        trade=any(trades),
        transfer=flag(body["enableInternalTransfer"]) or flag(body["permitsUniversalTransfer"]),
        withdraw=flag(body["enableWithdrawals"]),
        ip_restricted=flag(body["ipRestrict"]),
    )
    return Reading(permissions=rights)


def features(answer: Answer) -> Reading:
    """Read which products the account uses."""
    body = record(answer.payload)
    return Reading(extra={"features": {
        "margin": flag(body["isMarginEnabled"]),
        "futures": flag(body["isFutureEnabled"]),
        "options": flag(body.get("isOptionsEnabled", False)),
        "portfolio_margin": flag(body.get("isPortfolioMarginRetailEnabled", False)),
    }})  # fmt: skip


def prices(answer: Answer) -> Reading:
    """Read last prices by native symbol; a zero price (halted, delisted) is no price."""
    found = {text(row["symbol"]): number(row["price"]) for row in rows(answer.payload)}
    return Reading(prices={symbol: price for symbol, price in found.items() if price > 0})


def server_time(answer: Answer) -> Reading:
    """Read the exchange's clock."""
    return Reading(server_time_ms=milliseconds(record(answer.payload)["serverTime"]))


def system_status(answer: Answer) -> Reading:
    """Read whether the exchange is under maintenance."""
    return Reading(extra={"maintenance": {0: False, 1: True}[int(number(record(answer.payload)["status"]))]})
