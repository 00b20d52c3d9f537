"""Parsers of what Gate.io says about keys, account mode, prices, contracts and its clock."""

from collections.abc import Iterable, Mapping
from typing import Any

from connectors._parse import flag, milliseconds, natural, nonzero, record, rows, text
from connectors._reading import Answer, Reading
from connectors.gateio import failures
from connectors.types import Permissions

CLASSIC = "classic"
PORTFOLIO = "portfolio"
UNIFIED_MODES = ("multi_currency", "single_currency", PORTFOLIO)
KEY_MODES = {"1": CLASSIC, "2": "unified"}
READS_ONLY = frozenset({"account"})  # groups in which nothing can be traded or moved
MOVES = frozenset({"wallet", "custody"})
TRADES = frozenset(
    {"spot", "futures", "delivery", "options", "margin", "unified", "earn", "loan", "copy", "pilot", "otc", "alpha"}
    | {"crossx"}
)


def server_time(answer: Answer) -> Reading:
    """Read the exchange's clock."""
    return Reading(server_time_ms=milliseconds(record(answer.payload)["server_time"]))


def spot_tickers(answer: Answer) -> Reading:
    """Read last prices by pair; one that never traded has none."""
    return Reading(prices=_prices(rows(answer.payload), "currency_pair", "last"))


def futures_tickers(answer: Answer) -> Reading:
    """Read last and mark prices by contract."""
    items = rows(answer.payload)
    return Reading(prices=_prices(items, "contract", "last"), extra={"marks": _prices(items, "contract", "mark_price")})


def contracts(answer: Answer) -> Reading:
    """Read the multiplier of each contract; an inverse one has multiplier 0 and is worth 1 USD."""
    items = rows(answer.payload)
    found = {
        text(row["name"]): {"multiplier": natural(row["quanto_multiplier"]), "inverse": text(row["type"]) == "inverse"}
        for row in items
    }
    return Reading(extra={"contracts": found}, next=next_offset(answer, len(items)))


def account_detail(answer: Answer) -> Reading:
    """Read the uid and the addresses that the key in use is bound to."""
    body = record(answer.payload)
    mode = KEY_MODES.get(str(record(body["key"])["mode"]))
    extra = {"uid": text(body["user_id"]), "ip_restricted": _bound(body["ip_whitelist"]), "key_mode": mode}
    return Reading(extra=extra)


def account_mode(answer: Answer) -> Reading:
    """Read the account's mode; who never had a unified account is classic, an unknown word is refused."""
    mode = CLASSIC if failures.never_opened(answer) else text(record(answer.payload)["mode"])
    if mode != CLASSIC and mode not in UNIFIED_MODES:
        raise ValueError("unknown mode")
    return Reading(extra={"account_mode": CLASSIC if mode == CLASSIC else "unified", "venue_mode": mode})


def main_keys(answer: Answer) -> Reading:
    """Read the rights of every key of the main account, by the visible prefix of its masked text.

    The official client knows an answer of one key without its text: the key in use, under the prefix "".
    """
    if not isinstance(answer.payload, list):
        row = record(answer.payload)
        key = row.get("key")
        return Reading(extra={"by_key": {key.split("*")[0] if isinstance(key, str) else "": _rights(row)}})
    found: dict[str, dict[str, bool | None]] = {}
    for row in rows(answer.payload):
        prefix, rights = text(row["key"]).split("*")[0], _rights(row)
        found[prefix] = _wider(found[prefix], rights) if prefix in found else rights
    return Reading(extra={"by_key": found})


def own_rights(by_key: Mapping[str, Mapping[str, Any]], api_key: str) -> Permissions | None:
    """Return the rights of the key in use, None when it is not listed; of two that fit the wider ones.

    No documented group is the right to withdraw, so that its absence stays unknown; a key that may write to the wallet
    counts as one that may withdraw.
    """
    alone = len(by_key) == 1
    fits = [rights for prefix, rights in by_key.items() if api_key.startswith(prefix) and (prefix or alone)]
    if not fits:
        return None
    moves = _worst(rights["can_transfer"] for rights in fits)
    return Permissions(
        read=True,
        trade=_worst(rights["can_trade"] for rights in fits),
        transfer=moves,
        withdraw=True if moves or any(rights["can_withdraw"] for rights in fits) else None,
        ip_restricted=_least(rights["ip_restricted"] for rights in fits),
    )


def next_offset(answer: Answer, length: int) -> dict[str, Any] | None:
    """Return what changes for the page after a full one; None where no page size was asked for."""
    limit = answer.params.get("limit")
    if limit is None or length < int(limit):
        return None
    return {**answer.params, "offset": int(answer.params.get("offset", 0)) + length}


def _prices(items: Iterable[Mapping[str, Any]], name: str, value: str) -> dict[str, Any]:
    found = {text(row[name]): nonzero(row[value]) for row in items}
    return {symbol: price for symbol, price in found.items() if price is not None and price > 0}


def _rights(row: Mapping[str, Any]) -> dict[str, bool | None]:
    writes = {text(item["name"]) for item in rows(row["perms"]) if not flag(item["read_only"])}
    leaves = {name for name in writes if "withdraw" in name.lower()}
    unknown = None if writes - TRADES - MOVES - READS_ONLY - leaves else False
    return {
        "can_read": bool(row["perms"]),
        "can_trade": True if writes & TRADES else unknown,
        "can_transfer": True if writes & MOVES else unknown,
        "can_withdraw": True if leaves else None,
        "ip_restricted": _bound(row["ip_whitelist"]),
    }


def _wider(one: Mapping[str, bool | None], other: Mapping[str, bool | None]) -> dict[str, bool | None]:
    """Return the rights of two keys that look the same: what either may do, bound to addresses when both are."""
    found = {name: _worst((value, other[name])) for name, value in one.items()}
    return {**found, "ip_restricted": _least((one["ip_restricted"], other["ip_restricted"]))}


def _bound(addresses: object) -> bool | None:
    """Tell whether a key is bound to addresses; null tells nothing."""
    if addresses is None:
        return None
    if not isinstance(addresses, list) or not all(isinstance(address, str) for address in addresses):
        raise ValueError("no list of addresses")
    return any(addresses)


def _least(values: Iterable[bool | None]) -> bool | None:
    found = set(values)
    return False if False in found else None if None in found else True


def _worst(values: Iterable[bool | None]) -> bool | None:
    found = set(values)
    return True if True in found else None if None in found else False
