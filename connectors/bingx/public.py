"""Parsers of what BingX says about keys, account modes, prices, contracts and its clock."""

from collections.abc import Mapping
from typing import Any

from connectors._parse import flag, milliseconds, natural, nonzero, record, rows, rows_or_none, text
from connectors._reading import Answer, Reading
from connectors.types import Permissions

FIRST_MS = 100_000_000_000  # some versions of the clock tell seconds
TRADES = ("enableSpotAndMarginTrading", "enableFutures", "enableVanillaOptions")
TRANSFERS = ("enableInternalTransfer", "permitsUniversalTransfer")
# numbers of the other view of a key's rights
READ_NUMBER, WITHDRAW_NUMBER = "2", "5"
TRADE_NUMBERS, TRANSFER_NUMBERS = frozenset({"1", "3"}), frozenset({"4", "7"})
KNOWN_NUMBERS = TRADE_NUMBERS | TRANSFER_NUMBERS | {READ_NUMBER, WITHDRAW_NUMBER}


def data(answer: Answer) -> Any:  # noqa: ANN401 - a wire payload
    """Return the envelope's content."""
    return record(answer.payload)["data"]


def listed(answer: Answer) -> list[dict[str, Any]]:
    """Return the envelope's list; null is an empty one."""
    return rows_or_none(data(answer))


def server_time(answer: Answer) -> Reading:
    """Read the exchange's clock."""
    told = milliseconds(record(data(answer))["serverTime"])
    return Reading(server_time_ms=told if told >= FIRST_MS else told * 1000)


def tickers(answer: Answer) -> Reading:
    """Read last prices by native symbol: a list, or one object where a symbol was asked for."""
    found = {text(row["symbol"]): nonzero(row["lastPrice"]) for row in _one_or_many(answer)}
    return Reading(prices={symbol: price for symbol, price in found.items() if price is not None and price > 0})


def marks(answer: Answer) -> Reading:
    """Read mark prices by native symbol."""
    found = {text(row["symbol"]): nonzero(row["markPrice"]) for row in _one_or_many(answer)}
    return Reading(extra={"marks": {symbol: mark for symbol, mark in found.items() if mark is not None and mark > 0}})


def contract_sizes(answer: Answer) -> Reading:
    """Read what one Coin-M contract is worth in USD, by native symbol."""
    found = {text(row["symbol"]): natural(row["minTickSize"]) for row in listed(answer)}
    return Reading(extra={"contract_size_usd": found})


def uid(answer: Answer) -> Reading:
    """Read the account's own id."""
    return Reading(extra={"uid": text(record(data(answer))["uid"])})


def position_mode(answer: Answer) -> Reading:
    """Read whether long and short are held apart; the flag is a text."""
    return Reading(
        extra={"hedged": {"true": True, "false": False}[text(record(data(answer))["dualSidePosition"]).lower()]}
    )


def asset_mode(answer: Answer) -> Reading:
    """Read whether several assets share one margin."""
    modes = {"multiAssetsMode": True, "singleAssetMode": False}
    return Reading(extra={"multi_assets": modes[text(record(data(answer))["assetMode"])]})


def permissions(answer: Answer) -> Reading:
    """Read a key's rights from the named flags, under `data` or beside the code; one left out is unknown."""
    body = record(answer.payload)
    flags = record(body["data"]) if body.get("data") is not None else body
    rights = Permissions(
        read=_flag(flags, "enableReading"),
        trade=_any(flags, TRADES),
        transfer=_any(flags, TRANSFERS),
        withdraw=_flag(flags, "enableWithdrawals"),
        ip_restricted=_flag(flags, "ipRestrict"),
    )
    return Reading(permissions=rights)


def key_list(answer: Answer) -> Reading:
    """Read the rights of the key asked for by `apiKey` from the list of the account's keys; none when not listed."""
    body = record(data(answer))
    keys = rows(body["apiInfos"] if "apiInfos" in body else body["apiKeyList"])
    mine = [row for row in keys if row["apiKey"] == answer.params.get("apiKey")]
    return Reading(permissions=_numbered(mine[0]) if len(mine) == 1 else None)


def _numbered(row: Mapping[str, Any]) -> Permissions:
    numbers, addresses = row["permissions"], row["ipAddresses"]
    if not isinstance(numbers, list) or not isinstance(addresses, list):
        raise ValueError("not a list")
    held = {text(number) for number in numbers}
    absent = False if held <= KNOWN_NUMBERS else None  # an unknown number may allow anything
    return Permissions(
        read=True if READ_NUMBER in held else absent,
        trade=True if held & TRADE_NUMBERS else absent,
        transfer=True if held & TRANSFER_NUMBERS else absent,
        withdraw=True if WITHDRAW_NUMBER in held else absent,
        ip_restricted=any(address != "" for address in addresses),
    )


def _one_or_many(answer: Answer) -> list[dict[str, Any]]:
    content = data(answer)
    return [content] if isinstance(content, dict) else listed(answer)


def _flag(flags: Mapping[str, Any], name: str) -> bool | None:
    return flag(flags[name]) if flags.get(name) is not None else None


def _any(flags: Mapping[str, Any], names: tuple[str, ...]) -> bool | None:
    """Tell whether one of the rights is there; unknown where none is and one is not told."""
    told = [_flag(flags, name) for name in names]
    return True if True in told else None if None in told else False
