"""Parsers of what Bybit says about keys, account mode, prices, maintenance and its clock."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors._parse import cursor, flag, milliseconds, nonzero, number, record, rows, split_pair, text
from connectors._reading import Answer, Reading
from connectors.bybit.symbols import SPOT_QUOTES
from connectors.types import Permissions

TRADES = ("Spot", "ContractTrade", "Derivatives", "Options", "CopyTrading", "BlockTrade")
TRANSFERS = frozenset({"AccountTransfer", "SubMemberTransfer"})
GENERATIONS = {1: None, 3: "1.0", 4: "1.0", 5: "2.0", 6: "2.0"}


def result(answer: Answer) -> dict[str, Any]:
    """Return the envelope's content."""
    return record(record(answer.payload)["result"])


def following(answer: Answer, found: object) -> dict[str, Any] | None:
    """Return the parameters of the next page; None after an empty one, whose cursor leads nowhere."""
    mark = cursor(result(answer)["nextPageCursor"])
    return {**answer.params, "cursor": mark} if found and mark else None


def server_time(answer: Answer) -> Reading:
    """Read the exchange's clock."""
    return Reading(server_time_ms=milliseconds(Decimal(number(result(answer)["timeNano"]) // 1_000_000)))


def system_status(answer: Answer) -> Reading:
    """Read whether a maintenance is going on."""
    return Reading(extra={"maintenance": any(text(row["state"]) == "ongoing" for row in rows(result(answer)["list"]))})


def tickers(answer: Answer) -> Reading:
    """Read last prices by native symbol, and the index price in USD of the coins that have one."""
    prices: dict[str, Decimal] = {}
    index: dict[str, Decimal] = {}
    for row in rows(result(answer)["list"]):
        symbol, price, usd = text(row["symbol"]), nonzero(row["lastPrice"]), nonzero(row.get("usdIndexPrice"))
        pair = split_pair(symbol, SPOT_QUOTES)
        if price is not None and price > 0:
            prices[symbol] = price
        if pair is not None and usd is not None and usd > 0:
            index.setdefault(pair[0], usd)
    return Reading(prices=prices, extra={"usd_index": index})


def account_config(answer: Answer) -> Reading:
    """Read whether the account is classic or unified (generation 1.0 keeps inverse contracts apart).

    A status that is not documented is no reading: the mode is never guessed.
    """
    body = result(answer)
    generation = GENERATIONS[int(number(body["unifiedMarginStatus"]))]
    config = {
        "unified": generation is not None,
        "unified_generation": generation,
        "margin_mode": text(body["marginMode"]),
    }
    return Reading(extra={"account_config": config})


def _flag_or_none(value: object) -> bool | None:
    return None if value is None else flag(value)


def permissions(answer: Answer) -> Reading:
    """Read what the key may do. A read-only key does nothing else, whatever its lists name."""
    body = result(answer)
    lists = record(body["permissions"])
    only_reads = {0: False, 1: True}[int(number(body["readOnly"]))]
    wallet = None if lists.get("Wallet") is None else _names(lists["Wallet"])
    known = [name for name in TRADES if name in lists]
    trades = any([_names([] if lists[name] is None else lists[name]) for name in known]) if known else None
    addresses = _names([] if body["ips"] is None else body["ips"])
    rights = Permissions(
        read=True,
        trade=False if only_reads else trades,
        transfer=False if only_reads else None if wallet is None else bool(wallet & TRANSFERS),
        withdraw=False
        if only_reads
        else None
        if wallet is None
        else any("withdraw" in name.lower() for name in wallet),
        ip_restricted=bool(addresses) and "*" not in addresses,
        expires_at=_expiry(body),
        uid=text(body["userID"]),
    )
    extra = {
        "account_type": {"unified": int(number(body["uta"])) == 1},
        "is_master": _flag_or_none(body.get("isMaster")),
    }
    return Reading(permissions=rights, extra=extra)


def _names(value: object) -> frozenset[str]:
    if not isinstance(value, list):
        raise ValueError("no list of names")
    return frozenset(text(name) for name in value)


def _expiry(body: Mapping[str, Any]) -> datetime | None:
    """Return when the key expires; 1970 stands for never."""
    moment = datetime.strptime(text(body["expiredAt"]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return moment if moment.year > 1970 else None
